#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh LOCK_TOOL [nightly]: our lock against gateways. 77 tells ctest that it was skipped.
set -eu
cd "$(dirname "$0")"
if ! command -v node >/dev/null; then
	echo "skipped: there is no node"
	exit 77
fi
if [ ! -d node_modules ]; then
	echo "skipped: run npm ci in tests/node/lock first"
	exit 77
fi
if [ "${2:-}" = nightly ]; then
	export LOCK_NIGHTLY=1 LOCK_TIMES=500
fi
LOCK_TOOL=$1 LOCK_TIMES=${LOCK_TIMES:-8} exec node --test lock.mjs
