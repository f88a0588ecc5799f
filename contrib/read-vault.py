#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads a thinkfleetbot vault with this file and Python alone: your keys are yours without us.

    read-vault.py VAULT KEYFILE                   the names of the records, after all checks
    read-vault.py VAULT KEYFILE --sha256 ID HASH  does this record's secret have this SHA-256?
    read-vault.py VAULT KEYFILE --get ID | ...    one secret, never to a terminal

VAULT is <state>/secrets/vault.json, KEYFILE ~/.local/share/thinkfleetbot/keys/<vaultId>.key.
Written from thinkfleetbot-vault(5) alone. Slow, and it does not hide what it holds in memory.
"""
import base64
import hashlib
import hmac
import json
import struct
import sys

def rounds(words):  # ChaCha20's 20 rounds (RFC 8439, 2.3), without the final addition
    x = list(words)
    for _ in range(10):
        for a, b, c, d in ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15),
                           (0, 5, 10, 15), (1, 6, 11, 12), (2, 7, 8, 13), (3, 4, 9, 14)):
            for s, t, u, bits in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
                x[s] = (x[s] + x[t]) & 0xFFFFFFFF
                y = x[u] ^ x[s]
                x[u] = (y << bits | y >> (32 - bits)) & 0xFFFFFFFF
    return x

def chacha_block(key, counter, nonce12):
    first = struct.unpack("<16I", b"expand 32-byte k" + key + struct.pack("<I", counter) + nonce12)
    return struct.pack("<16I", *((a + b) & 0xFFFFFFFF for a, b in zip(first, rounds(first))))

def hchacha20(key, nonce16):
    x = rounds(struct.unpack("<16I", b"expand 32-byte k" + key + nonce16))
    return struct.pack("<8I", *x[:4], *x[12:])

def poly1305(key, data):
    r = int.from_bytes(key[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for i in range(0, len(data), 16):
        total = (total + int.from_bytes(data[i:i + 16] + b"\1", "little")) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], "little")) % (1 << 128)).to_bytes(16, "little")

def decrypt(key, nonce, aad, sealed):  # XChaCha20-Poly1305
    key, nonce12 = hchacha20(key, nonce[:16]), bytes(4) + nonce[16:]
    text, tag = sealed[:-16], sealed[-16:]
    data = b"".join(part + bytes(-len(part) % 16) for part in (aad, text))
    data += struct.pack("<QQ", len(aad), len(text))
    if not hmac.compare_digest(poly1305(chacha_block(key, 0, nonce12)[:32], data), tag):
        sys.exit("damaged: a part that is sealed was changed")
    stream = b"".join(chacha_block(key, 1 + i, nonce12) for i in range((len(text) + 63) // 64))
    return bytes(a ^ b for a, b in zip(text, stream))

def unb64(text):
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        sys.exit("damaged: base64 that is not canonical")
    return data

def derive(key, number, context):  # crypto_kdf_derive_from_key()
    return hashlib.blake2b(key=key, digest_size=32, salt=struct.pack("<QQ", number, 0),
                           person=context + bytes(8)).digest()

def expect(key, data, wanted, otherwise):
    if not hmac.compare_digest(hashlib.blake2b(data, key=key, digest_size=32).digest(), wanted):
        sys.exit(otherwise)

def lp(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">H", len(data)) + data

def open_vault(v, line):
    """Checks in the order of the manual; the record key, and each record's associated data."""
    if (v["format"], v["v"]) != ("tfv", 1):
        sys.exit("not a vault of version 1")
    kek = unb64(line[7:50])  # tfkey1_<43>_<8>
    if line[:7] != "tfkey1_" or len(line.strip()) != 59 or line[50] != "_" or unb64(
            line[51:59]) != hashlib.blake2b(b"tfv1/keyfile\0" + kek, digest_size=32).digest()[:6]:
        sys.exit("not a key file, or one that was changed")
    head = unb64(v["vaultId"]) + struct.pack(">I", v["epoch"])
    slots = [(s, b"tfv1/slot\0" + head + lp(s["id"]) + lp(s["type"]) + lp(
        unb64(s["salt"]) if "salt" in s else s["name"]) + struct.pack(">QQ", s["ops"], s["mem"]))
        for s in v["slots"]]
    own = [(s, aad) for s, aad in slots if s["type"] == "file" and hashlib.blake2b(
        aad, key=derive(kek, 2, b"tfvSlotK"), digest_size=32).digest() == unb64(s["kc"])]
    if not own:
        sys.exit("wrong key: it opens no slot of this vault")
    s, aad = own[0]
    vmk = decrypt(derive(kek, 1, b"tfvSlotK"), unb64(s["n"]), aad, unb64(s["w"]))
    expect(derive(vmk, 3, b"tfvCommt"), b"tfv1/commit\0" + head, unb64(v["kc"]), "damaged: head")
    texts = ("id", "agent", "profile", "provider", "field")
    records = {r["id"]: (r, b"tfv1/record\0" + head + b"".join(lp(r[t]) for t in texts) +
                         struct.pack(">Q", r["rev"]))
               for r in sorted(v["records"], key=lambda r: r["id"])}
    whole = b"tfv1/file\0" + head + struct.pack(">QI", v["gen"], len(slots)) + b"".join(
        aad + unb64(s["n"]) + unb64(s["w"]) + unb64(s["kc"]) for s, aad in slots)
    whole += struct.pack(">I", len(v["records"])) + b"".join(
        aad + struct.pack(">Q", r["ts"]) + unb64(r["n"]) + struct.pack(">I", len(unb64(r["c"]))) +
        unb64(r["c"]) for r, aad in records.values())
    expect(derive(vmk, 2, b"tfvMacKy"), whole, unb64(v["mac"]), "damaged: the file was changed")
    return derive(vmk, 1, b"tfvRecrd"), records

def main(vault, keyfile, what="", name="", wanted=""):
    with open(vault, encoding="utf-8") as f, open(keyfile, encoding="ascii") as k:
        key, records = open_vault(json.load(f), k.read())
    if not what:
        return print("\n".join(records))  # plain ASCII, as the checks have shown
    if name not in records or what not in ("--get", "--sha256"):
        sys.exit("no such record, or option")
    r, aad = records[name]
    secret = decrypt(key, unb64(r["n"]), aad, unb64(r["c"])).rstrip(b"\0")[:-1]  # sodium_pad()
    if what == "--sha256":
        sys.exit(0 if hashlib.sha256(secret).hexdigest() == wanted else "it has another hash")
    if sys.stdout.isatty():
        sys.exit("a secret is not shown on a terminal: send it to a file or a program")
    sys.stdout.buffer.write(secret)

if __name__ == "__main__":
    main(*sys.argv[1:]) if 3 <= len(sys.argv) <= 6 else sys.exit(__doc__)
