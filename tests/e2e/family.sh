#!/usr/bin/env bash
# models status, models auth order get and the effective order beside a real gateway of the family: its recorded
# answers to 340 generated homes (tests/family). "few" asks about each tenth.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

every=1
[ "${3:-}" != few ] || every=10
python3 "$source_dir/tests/family/compare.py" "$tfb" --every $every
