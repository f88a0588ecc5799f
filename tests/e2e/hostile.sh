#!/usr/bin/env bash
# Hostile servers over TLS, against the whole program: tests/provider/hostile.py says what is checked.
set -euo pipefail
command -v curl >/dev/null || {
	echo "skipped: the control needs curl"
	exit 77
}
exec python3 -B -W ignore::DeprecationWarning "${2:?source folder}/tests/provider/hostile.py" "${1:?folder with the programs}" "${3:-fast}"
