#!/usr/bin/env bash
# The screens in README.md are the golden frames of the tests, line for line. A comment before each
# block names the frame. UPDATE_GOLDEN=1 puts the frames of today into README.md.
#   readme-screens.sh [TREE]
set -u
cd "${1:-.}" || exit 1
for frame in $(sed -n 's/^<!-- \(tests\/golden\/[^ ]*\) -->$/\1/p' README.md); do
	[ -e "$frame" ] || {
		echo "README.md shows $frame, which does not exist"
		exit 1
	}
done
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
# With no frame at all this test would prove nothing.
grep -q '^<!-- tests/golden/' README.md && diff -u README.md "$wanted" || {
	echo "README.md shows another screen than the program; UPDATE_GOLDEN=1 $0 puts it right"
	exit 1
}
