#!/bin/sh
# SPDX-License-Identifier: MIT
# run.sh VAULT_PEER [slow]: the second implementation. 77 tells ctest that it was skipped.
set -eu
cd "$(dirname "$0")"
if ! command -v node >/dev/null; then
	echo "skipped: there is no node"
	exit 77
fi
if [ ! -d node_modules ]; then
	echo "skipped: run npm ci in tests/node first"
	exit 77
fi
exec node interop.mjs "$@"
