#!/usr/bin/env bash
# The committed .clang-format is followed. Pinned to version 14: others differ.
clang-format --version 2>/dev/null | grep -q 'version 14\.' || {
	echo "clang-format 14 is not here"
	exit 77
}
git ls-files '*.c' '*.h' | xargs -r clang-format --dry-run -Werror
