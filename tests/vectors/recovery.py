#!/usr/bin/env python3
"""Recovery codes a second time, from the text of vault-format.md alone: the vectors of
tests/unit/test_recovery.c. Without arguments it prints them."""

import hashlib

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def times(a: int, b: int) -> int:
    """The product in GF(32), modulo x^5 + x^2 + 1."""
    product = 0
    for bit in range(5):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(9, 4, -1):
        if product >> bit & 1:
            product ^= 0b100101 << (bit - 5)
    return product


def check(number: int, data: list[int]) -> int:
    power, total = 1, number
    for value in data:
        power = times(power, 2)
        total ^= times(power, value)
    return total


def code(random: bytes) -> str:
    values = [b % 32 for b in random]
    groups = [values[i:i + 4] for i in range(0, 28, 4)]
    return "-".join("".join(ALPHABET[v] for v in [*g, check(n, g)])
                    for n, g in enumerate(groups, 1))


def key(text: str, salt: bytes) -> bytes:
    data = "".join(group[:4] for group in text.split("-"))
    return hashlib.blake2b(b"tfv1/recovery\0" + salt + data.encode(), digest_size=32).digest()


if __name__ == "__main__":
    for first in (0x00, 0x75, 0xe9):
        text = code(bytes((first + i) % 256 for i in range(28)))
        print(f'\t{{ 0x{first:02x}, "{text}",\n\t\t"{key(text, bytes(range(16, 32))).hex()}" }},')
