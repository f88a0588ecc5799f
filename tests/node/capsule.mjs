// SPDX-License-Identifier: MIT
// The capsule in a second language, written from thinkfleetbot-vault(5). The C program is not its model.
import { xchacha20poly1305 } from '@noble/ciphers/chacha';
import { argon2id } from '@noble/hashes/argon2';
import { blake2b } from '@noble/hashes/blake2';

const MAGIC = Buffer.from('895446430d0a1a0a', 'hex');
const int = (width, x) => Buffer.from(BigInt(x).toString(16).padStart(2 * width, '0'), 'hex');
const text = (x) => Buffer.from(x + '\0');
const hash = (bytes) => Buffer.from(blake2b(bytes, { dkLen: 32 }));

const derive = (key, id) => {
	const salt = Buffer.concat([int(8, id).reverse(), Buffer.alloc(8)]);
	const personalization = Buffer.alloc(16);
	personalization.write(id === 1 ? 'tfcBodyK' : 'tfcCommt');
	return blake2b(new Uint8Array(0), { key, dkLen: 32, salt, personalization });
};

const keysOf = (passphrase, salt, ops, mem) => {
	const master = argon2id(passphrase, salt, { t: Number(ops), m: Number(mem / 1024n), p: 1, dkLen: 32 });
	return { body: derive(master, 1), commit: derive(master, 2) };
};

const list = (rows, write) => Buffer.concat([int(4, rows.length), ...rows.map(write)]);

const bodyOf = (c) => {
	const body = Buffer.concat([
		text('tfc1/body'),
		list(c.records, (r) => Buffer.concat([
			...['id', 'agent', 'profile', 'provider', 'field'].map((name) => text(r[name])),
			int(8, r.rev), int(8, r.ts), int(4, Buffer.byteLength(r.value)), text(r.value)])),
		list(c.profiles, (p) => Buffer.concat([
			...['agent', 'id', 'provider', 'kind', 'email'].map((name) => text(p[name])), int(8, p.expires)])),
		list(c.lines, (l) => Buffer.concat([text(l.variable), text(l.record)])),
	]);
	return Buffer.concat([body, Buffer.alloc((1024 - body.length % 1024) % 1024)]);
};

export const writeCapsule = (c, passphrase, { ops, mem, salt, vaultId, made, nonce }) => {
	const body = bodyOf(c);
	const head = Buffer.concat([MAGIC, int(2, 1), int(2, 0), int(8, ops), int(8, mem), salt, vaultId, int(8, made), nonce,
		int(8, body.length + 16)]);
	const keys = keysOf(passphrase, salt, ops, mem);
	const aad = Buffer.concat([head, blake2b(head, { key: keys.commit, dkLen: 32 })]);
	const all = Buffer.concat([aad, xchacha20poly1305(keys.body, nonce, aad).encrypt(body)]);
	return Buffer.concat([all, hash(all)]);
};

const reader = (body) => {
	let at = 0;
	const take = (n) => {
		if (at + n > body.length) throw new Error('capsule contents');
		return body.subarray(at, at += n);
	};
	const number = (n) => Number(BigInt('0x' + take(n).toString('hex')));
	const string = () => {
		const nul = body.indexOf(0, at);
		const out = take(nul - at).toString();
		take(1);
		return out;
	};
	const value = () => {
		const out = take(number(4)).toString();
		if (take(1)[0] !== 0) throw new Error('capsule contents');
		return out;
	};
	const rows = (read) => Array.from({ length: number(4) }, read);
	return { number, string, value, rows, rest: () => body.subarray(at) };
};

export const openCapsule = (bytes, passphrase) => {
	const file = Buffer.from(bytes);
	if (!file.subarray(0, 8).equals(MAGIC) || !hash(file.subarray(0, -32)).equals(file.subarray(-32)))
		throw new Error('capsule damaged');
	if (file.readUInt16BE(8) !== 1) throw new Error('capsule version');
	const aad = file.subarray(0, 132);
	const keys = keysOf(passphrase, file.subarray(28, 44), file.readBigUInt64BE(12), file.readBigUInt64BE(20));
	if (!Buffer.from(blake2b(aad.subarray(0, 100), { key: keys.commit, dkLen: 32 })).equals(aad.subarray(100)))
		throw new Error('wrong passphrase');
	const nonce = file.subarray(68, 92);
	const r = reader(Buffer.from(xchacha20poly1305(keys.body, nonce, aad).decrypt(file.subarray(132, -32))));
	if (r.string() !== 'tfc1/body') throw new Error('capsule contents');
	const out = {
		records: r.rows(() => ({ id: r.string(), agent: r.string(), profile: r.string(), provider: r.string(),
			field: r.string(), rev: r.number(8), ts: r.number(8), value: r.value() })),
		profiles: r.rows(() => ({ agent: r.string(), id: r.string(), provider: r.string(), kind: r.string(),
			email: r.string(), expires: r.number(8) })),
		lines: r.rows(() => ({ variable: r.string(), record: r.string() })),
	};
	if (r.rest().length >= 1024 || r.rest().some((x) => x)) throw new Error('capsule contents');
	return out;
};
