#!/bin/sh
# SPDX-License-Identifier: MIT
# random_source.sh CRYPTO_LIBRARY OTHER...: nonces and keys come from randombytes_buf, called in seal.c alone.
set -eu
nm=${NM:-nm}
crypto=$1

# Object and symbol of every undefined name that yields random bytes.
sources() {
	"$nm" -A -u "$@" | sed -n 's/^.*[:/]\([^:/]*\.o\): *U \([^@]*\).*$/\1 \2/p' |
		grep -E ' (randombytes.*|crypto_.*keygen|getrandom|getentropy|arc4random.*|s?rand|s?random|[dlm]rand48|rand_r)$' ||
		true
}

# The control: a search that cannot find seal.c's own call would find nothing else either.
if [ "$(sources "$crypto")" != "seal.c.o randombytes_buf" ]; then
	echo "sources of random bytes in $crypto, other than seal.c.o randombytes_buf:"
	sources "$crypto"
	exit 1
fi
shift
if [ -n "$(sources "$@")" ]; then
	echo "these draw random bytes themselves:"
	sources "$@"
	exit 1
fi
