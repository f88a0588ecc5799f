// SPDX-License-Identifier: MIT
// Two programs, one format: node interop.mjs VAULT_PEER. Each opens what the other wrote, and refuses what it changed.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { argon2id } from '@noble/hashes/argon2';
import { keys, keyText, openVault, parseKey, recordAad, vaultText } from './format.mjs';
import { openCapsule } from './capsule.mjs';
import { CAPSULE, CAPSULE_PASSPHRASE, exampleVault, from, KEK, OTHER_SECRETS, otherVault, SECRET, VMK } from './example.mjs';

const peer = argv[2];
const here = mkdtempSync(join(tmpdir(), 'tfb-node-'));
const inHere = (name) => join(here, name);
const hex = (bytes) => Buffer.from(bytes).toString('hex');

// Argon2id takes seconds in JavaScript: only `node interop.mjs VAULT_PEER slow` runs it.
const slow = {
	'argon2id of vault-format.md': () => {
		const key = argon2id('correct horse battery staple', from(0x10, 16), { t: 3, m: 65536, p: 1, dkLen: 32 });
		assert.equal(hex(key), '1a563099620be88a73c7bd53da0b313e98060493b58ba22254a065c3d7db26c3');
	},
};

const tests = {
	'the known answers of vault-format.md': () => {
		const v = exampleVault();
		assert.equal(hex(keys(VMK).record), 'f536412cc357f9616024ca6682fe50ddea052784c19f106e3964ff1169d5998e');
		assert.equal(v.kc, 'p_7D_tYLgoQkZquejY7EwaMcwYgSPEB7piHnP8ufGtc');
		assert.equal(hex(recordAad(v, v.records[0])), '746676312f7265636f726400a0a1a2a3a4a5a6a7a8a9aaabacadaeaf'
			+ '00000001001a6d61696e2f616e7468726f7069633a64656661756c742f6b657900046d61696e0011616e7468726f706963'
			+ '3a64656661756c740009616e7468726f70696300036b65790000000000000001');
		assert.equal(v.records[0].c, '0NrECcAcfdkCSSQT95_T5QsMibC_i8T06TraYcPdtN-dYOFwFq6XgK2rzt5ortPe8_vEgzEaBz9'
			+ 'QPlrszdEi2WSOEc6ItUNGAclra0gX8Lo');
		assert.equal(v.slots[0].kc, 'EutXglx4SQnbRmYUBL_fw4u31noNTY4XkBlrTWHN2sc');
		assert.equal(v.slots[0].w, 'nZz5-WP51pIlVOdlfn0okKT1LcTs0sFDkeXshvZI8C7mh7dpYUV721uBDgbH0pnB');
		assert.equal(v.mac, 'ni_wqrhRvJJHmzUdSTp3Y1PoQrIrUdwE7Qt0FOVP4KU');
		assert.equal(keyText(KEK), 'tfkey1_gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp8___at3i7K\n');
	},
	'the committed vectors are what this program writes': () => {
		const vectors = new URL('../vectors/', import.meta.url);
		const read = (name) => readFileSync(new URL(name, vectors), 'utf8');
		assert.equal(read('example.vault.json'), vaultText(exampleVault()));
		assert.equal(read('other.vault.json'), vaultText(otherVault()));
		assert.equal(read('example.key'), keyText(KEK));
	},
	'the committed capsule opens, and a changed one does not': () => {
		const bytes = readFileSync(new URL('../vectors/example.capsule', import.meta.url));
		assert.deepEqual(openCapsule(bytes, CAPSULE_PASSPHRASE), CAPSULE);
		bytes[bytes.length >> 1] ^= 1;
		assert.throws(() => openCapsule(bytes, CAPSULE_PASSPHRASE), /damaged/);
	},
	'Node opens the capsule that C wrote': () => {
		execFileSync(peer, ['capsule', inHere('c.capsule')]);
		const c = openCapsule(readFileSync(inHere('c.capsule')), CAPSULE_PASSPHRASE);
		assert.deepEqual(c.records.map((r) => [r.id, r.value]), [['main/a/key', 'the first'], ['main/b/key', 'the second']]);
		assert.deepEqual(c.lines, [{ variable: 'A_KEY', record: 'main/a/key' }]);
	},
	'Node opens what C wrote': () => {
		execFileSync(peer, ['write', here]);
		const name = readdirSync(inHere('keys')).find((file) => file.endsWith('.key'));
		const key = parseKey(readFileSync(join(inHere('keys'), name), 'utf8'));
		const text = readFileSync(inHere('vault.json'), 'utf8');
		const records = openVault(text, key);
		assert.equal(records.length, 4);
		for (const [id, secret] of records) assert.equal(secret, `secret of ${id.replace(/\/prev$/, '')}`);
		assert.equal(`${JSON.parse(text).vaultId}.key`, name);
		assert.equal(openVault(readFileSync(inHere('vault.json.bak'), 'utf8'), key).length, 2);
	},
	'C opens what Node wrote': () => {
		writeFileSync(inHere('node.key'), keyText(KEK));
		chmodSync(inHere('node.key'), 0o400);
		const cReads = (v) => {
			writeFileSync(inHere('node.json'), vaultText(v));
			const lines = execFileSync(peer, ['read', inHere('node.json'), inHere('node.key')], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
			return Object.fromEntries(lines.trimEnd().split('\n').map((line) => line.split('\t')));
		};
		assert.deepEqual(cReads(exampleVault()), { 'main/anthropic:default/key': SECRET });
		assert.deepEqual(cReads(otherVault()), OTHER_SECRETS);
		const changed = otherVault();
		changed.records[0].ts++;
		assert.throws(() => cReads(changed), /was changed/);
		assert.throws(() => openVault(vaultText(changed), KEK), /MAC/);
	},
};

try {
	for (const [name, test] of Object.entries(argv[3] === 'slow' ? slow : tests)) {
		test();
		console.log(`ok ${name}`);
	}
} finally {
	rmSync(here, { recursive: true, force: true });
}
