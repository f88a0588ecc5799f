#!/usr/bin/env bash
# Positive control: a tree that breaks each layer rule once must be refused for each of them.
set -u
here=$(cd "$(dirname "$0")" && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# offend FILE LINE: that one line alone must make layers.sh fail
offend() {
	mkdir -p "$tree/${1%/*}"
	printf '%s\n' "$2" >"$tree/$1"
	if "$here/layers.sh" "$tree" >/dev/null; then
		echo "not noticed: $1 with $2"
		exit 1
	fi
	rm -r "${tree:?}/${1%%/*}"
}
offend base/x.c '#include "crypto/secret.h"'
offend crypto/x.c '#include "store/vault.h"'
offend store/x.c '#include "provider/check.h"'
offend tui/x.c '#include "store/doc.h"'
offend chat/x.c '#include "store/sessions.h"'
offend chat/x.c '#include "wizard/wizard.h"'
offend wizard/x.c '#include "net/client.h"'
offend wizard/x.c '#include "store/doc.h"'
offend health/facts.c '#include "store/doc.h"'
offend wizard/x.c '#include <curses.h>'
offend tui/frame.c '#include <ncursesw/curses.h>'
offend cli/x.c '#include <curl/curl.h>'
offend store/x.c '#include <sodium.h>'
offend store/x.c '#include <json-c/json.h>'
"$here/layers.sh" "$tree"
