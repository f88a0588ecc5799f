// SPDX-License-Identifier: MIT
// The vault format in a second language, written from vault-format.md alone. The C program is not its model.
import { xchacha20poly1305 } from '@noble/ciphers/chacha';
import { blake2b } from '@noble/hashes/blake2';

const utf8 = (text) => new TextEncoder().encode(text);
export const b64 = (bytes) => Buffer.from(bytes).toString('base64url');
export const unb64 = (text) => {
	const bytes = Buffer.from(text, 'base64url');
	if (b64(bytes) !== text) throw new Error('base64 that is not canonical');
	return new Uint8Array(bytes);
};

const int = (width, x) => {
	const out = new Uint8Array(width);
	for (let i = width - 1, rest = BigInt(x); i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 255n);
	return out;
};
const u32 = (x) => int(4, x);
const u64 = (x) => int(8, x);
const cat = (...parts) => new Uint8Array(Buffer.concat(parts));
const lp = (bytes) => cat(int(2, bytes.length), bytes);
const lpText = (text) => lp(utf8(text));
const fixed = (text, n) => cat(utf8(text), new Uint8Array(n - text.length));

// crypto_kdf_derive_from_key: BLAKE2b without input, id as salt, context as personalization.
const derive = (key, id, context) => {
	const salt = cat(int(8, id).reverse(), new Uint8Array(8));
	return blake2b(new Uint8Array(0), { key, dkLen: 32, salt, personalization: fixed(context, 16) });
};
const mac = (key, bytes) => blake2b(bytes, { key, dkLen: 32 });
const same = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)) === 0;

const start = (label, v) => cat(utf8(label + '\0'), unb64(v.vaultId), u32(v.epoch));
export const recordAad = (v, r) => cat(start('tfv1/record', v), lpText(r.id), lpText(r.agent), lpText(r.profile),
	lpText(r.provider), lpText(r.field), u64(r.rev));
const slotParam = (s) => (s.salt === undefined ? utf8(s.name) : unb64(s.salt));
export const slotAad = (v, s) => cat(start('tfv1/slot', v), lpText(s.id), lpText(s.type), lp(slotParam(s)), u64(s.ops),
	u64(s.mem));

export const keys = (vmk) => ({
	record: derive(vmk, 1, 'tfvRecrd'), mac: derive(vmk, 2, 'tfvMacKy'), commit: derive(vmk, 3, 'tfvCommt'),
});
export const commitment = (v, vmk) => b64(mac(keys(vmk).commit, start('tfv1/commit', v)));

export const fileMac = (v, vmk) => {
	const parts = [start('tfv1/file', v), u64(v.gen), u32(v.slots.length)];
	for (const s of v.slots) parts.push(slotAad(v, s), unb64(s.n), unb64(s.w), unb64(s.kc));
	parts.push(u32(v.records.length));
	for (const r of v.records) {
		const c = unb64(r.c);
		parts.push(recordAad(v, r), u64(r.ts), unb64(r.n), u32(c.length), c);
	}
	return b64(mac(keys(vmk).mac, cat(...parts)));
};

export const wrap = (v, slot, kek, vmk, n) => {
	const aad = slotAad(v, slot);
	slot.kc = b64(mac(derive(kek, 2, 'tfvSlotK'), aad));
	slot.n = b64(n);
	slot.w = b64(xchacha20poly1305(derive(kek, 1, 'tfvSlotK'), n, aad).encrypt(vmk));
	return slot;
};
export const unwrap = (v, slot, kek) => {
	const aad = slotAad(v, slot);
	if (b64(mac(derive(kek, 2, 'tfvSlotK'), aad)) !== slot.kc) throw new Error('wrong key');
	return xchacha20poly1305(derive(kek, 1, 'tfvSlotK'), unb64(slot.n), aad).decrypt(unb64(slot.w));
};

// sodium_pad to 64: one 0x80, then zeros.
const pad = (bytes) => {
	const out = new Uint8Array(bytes.length - (bytes.length % 64) + 64);
	out.set(bytes);
	out[bytes.length] = 0x80;
	return out;
};
const unpad = (bytes) => {
	const end = bytes.lastIndexOf(0x80);
	if (end < 0 || bytes.subarray(end + 1).some((x) => x !== 0)) throw new Error('padding');
	return bytes.subarray(0, end);
};
export const seal = (v, r, vmk, secret, n) => {
	r.n = b64(n);
	r.c = b64(xchacha20poly1305(keys(vmk).record, n, recordAad(v, r)).encrypt(pad(utf8(secret))));
	return r;
};
export const open = (v, r, vmk) => {
	const cipher = xchacha20poly1305(keys(vmk).record, unb64(r.n), recordAad(v, r));
	return new TextDecoder('utf-8', { fatal: true }).decode(unpad(cipher.decrypt(unb64(r.c))));
};

const checksum = (key) => b64(blake2b(cat(utf8('tfv1/keyfile\0'), key), { dkLen: 32 }).subarray(0, 6));
export const keyText = (key) => `tfkey1_${b64(key)}_${checksum(key)}\n`;
export const parseKey = (text) => {
	const match = /^tfkey1_([\w-]{43})_([\w-]{8})\n$/.exec(text);
	const key = match && unb64(match[1]);
	if (!key || checksum(key) !== match[2]) throw new Error('not a key file');
	return key;
};

// Everything that vault-format.md asks a reader to check, in its order. The records as [id, secret].
export const openVault = (text, kek) => {
	const v = JSON.parse(text);
	if (v.format !== 'tfv' || v.v !== 1) throw new Error('not a vault of version 1');
	const vmk = unwrap(v, v.slots.find((s) => s.type === 'file'), kek);
	if (commitment(v, vmk) !== v.kc) throw new Error('vault commitment');
	if (fileMac(v, vmk) !== v.mac) throw new Error('file MAC');
	const ids = v.records.map((r) => r.id);
	if (!ids.every((id, i) => i === 0 || Buffer.compare(Buffer.from(ids[i - 1]), Buffer.from(id)) < 0))
		throw new Error('order of records');
	return v.records.map((r) => [r.id, open(v, r, vmk)]);
};

export const vaultText = (v) => JSON.stringify({
	format: 'tfv', v: 1, vaultId: v.vaultId, epoch: v.epoch, gen: v.gen, kc: v.kc, slots: v.slots.map((s) => ({
		id: s.id, type: s.type, name: s.name, ...(s.salt === undefined ? {} : { salt: s.salt }), ops: s.ops,
		mem: s.mem, kc: s.kc, n: s.n, w: s.w,
	})), records: v.records.map((r) => ({
		id: r.id, agent: r.agent, profile: r.profile, provider: r.provider, field: r.field, rev: r.rev, ts: r.ts,
		n: r.n, c: r.c,
	})), mac: v.mac,
}) + '\n';
