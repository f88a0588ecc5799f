// SPDX-License-Identifier: MIT
// The example of vault-format.md: every key and nonce in it is counted up, so that anybody can redo it.
import { commitment, fileMac, seal, wrap, b64 } from './format.mjs';

export const from = (first, n) => Uint8Array.from({ length: n }, (_, i) => first + i);
export const VMK = from(0x00, 32);
export const KEK = from(0x80, 32);
export const SECRET = 'sk-ant-EXAMPLE-not-a-real-key-000000000000';

const SALT = from(0x10, 16);

export const exampleVault = () => {
	const v = { vaultId: b64(from(0xa0, 16)), epoch: 1, gen: 42, slots: [], records: [] };
	v.kc = commitment(v, VMK);
	v.slots.push(wrap(v, { id: 's1', type: 'file', name: '', ops: 0, mem: 0 }, KEK, VMK, from(0x60, 24)));
	v.records.push(seal(v, {
		id: 'main/anthropic:default/key', agent: 'main', profile: 'anthropic:default', provider: 'anthropic',
		field: 'key', rev: 1, ts: 1760000000,
	}, VMK, SECRET, from(0x40, 24)));
	v.mac = fileMac(v, VMK);
	return v;
};

// One with everything that the first lacks: four kinds of slot, quotes and other scripts in names, long values.
export const OTHER_SECRETS = {
	'main/google_xc3_xbc_x40_x22a_x5cb_x22/token': 'x',
	'main/openai:default/key': 'sk-EXAMPLE-' + 'long-'.repeat(3000),
	'main/openai:default/key/prev': 'p'.repeat(63),
	'work/z.ai:1/key': 'q'.repeat(64),
};

export const otherVault = () => {
	const v = { vaultId: b64(from(0xc0, 16)), epoch: 7, gen: 9007199254740000, slots: [], records: [] };
	v.kc = commitment(v, VMK);
	[
		{ id: 's2', type: 'argon2id', name: '', salt: b64(SALT), ops: 3, mem: 268435456 },
		{ id: 's3', type: 'systemd-cred', name: 'thinkfleetbot.kek', ops: 0, mem: 0 },
		{ id: 's1', type: 'file', name: '', ops: 0, mem: 0 },
		{ id: 's4', type: 'recovery', name: '', salt: b64(SALT), ops: 0, mem: 0 },
	].forEach((slot, i) => v.slots.push(wrap(v, slot, slot.type === 'file' ? KEK : from(i, 32), VMK, from(0x20 + i, 24))));
	const names = [['main', 'googleü@"a\\b"', 'google', 'token'], ['main', 'openai:default', 'openai', 'key'],
		['main', 'openai:default', 'openai', 'key.prev'], ['work', 'z.ai:1', 'z.ai', 'key']];
	Object.entries(OTHER_SECRETS).forEach(([id, secret], i) => {
		const [agent, profile, provider, field] = names[i];
		v.records.push(seal(v, { id, agent, profile, provider, field, rev: 3 + i, ts: 1760000000 + i }, VMK, secret,
			from(0x90 + i, 24)));
	});
	v.mac = fileMac(v, VMK);
	return v;
};

// The lowest cost that is read: everybody who runs the tests pays it.
export const CAPSULE_PASSPHRASE = 'correct horse battery staple';
export const CAPSULE_HEAD = { ops: 2n, mem: BigInt(19 << 20), salt: from(0x10, 16), vaultId: from(0xa0, 16), made: 1760000000,
	nonce: from(0x40, 24) };
const capsuleRecord = (id, field, rev, value) => {
	const [agent, profile] = id.split('/');
	return { id, agent, profile, provider: profile.split(':')[0], field, rev, ts: 1760000000, value };
};
export const CAPSULE = {
	records: [
		capsuleRecord('main/anthropic:default/key', 'key', 3, SECRET),
		capsuleRecord('main/anthropic:default/key/prev', 'key.prev', 2, 'the one before'),
		capsuleRecord('main/openai:default/key', 'key', 1, 'x'),
	],
	profiles: [
		{ agent: 'main', id: 'anthropic:default', provider: 'anthropic', kind: 'api_key', email: '', expires: 0 },
		{ agent: 'main', id: 'google:work', provider: 'google', kind: 'oauth', email: 'me@example.org', expires: 1800000000000 },
	],
	lines: [{ variable: 'ANTHROPIC_API_KEY', record: 'main/anthropic:default/key' }],
};
