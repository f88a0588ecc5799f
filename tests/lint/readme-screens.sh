#!/usr/bin/env bash
# The screens in README.md are the golden frames of the tests, line for line. A comment before each
# block names the frame. UPDATE_GOLDEN=1 puts the frames of today into README.md.
#   readme-screens.sh [TREE]
set -u
cd "${1:-.}" || exit 1
frames=$(sed -n 's/^<!-- \(tests\/golden\/[^ ]*\) -->$/\1/p' README.md)
[ -n "$frames" ] || {
	echo "README.md shows no frame of tests/golden"
	exit 1
}
# shellcheck disable=SC2086
ls -- $frames >/dev/null || exit 1
wanted=$(mktemp)
trap 'rm -f "$wanted"' EXIT
awk '
	/^<!-- tests\/golden\/.* -->$/{ frame = $2; print; next }
	frame && /^```text$/{ print; while ((getline line < frame) > 0) print line; skip = 1; next }
	/^```$/{ skip = 0; frame = "" }
	!skip' README.md >"$wanted"
if [ -n "${UPDATE_GOLDEN:-}" ]; then
	cp "$wanted" README.md
fi
diff -u README.md "$wanted" || {
	echo "README.md shows another screen than the program; UPDATE_GOLDEN=1 $0 puts it right"
	exit 1
}
