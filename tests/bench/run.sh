#!/usr/bin/env bash
# The ratios of the design's "Speed and size", in one table. By hand, or in the nightly job:
#
#   tests/bench/run.sh [BIN-FOLDER] [--quick] [--strict]     default: build/release/bin
set -euo pipefail
source_dir=$(cd "$(dirname "$0")/../.." && pwd)
bin=$source_dir/build/release/bin
if [ $# -gt 0 ] && [[ $1 != --* ]]; then
	bin=$1
	shift
fi
if grep -qF __asan_init "$bin/thinkfleetbot"; then
	echo "skipped: times of a build with sanitizers say nothing"
	exit 77
fi
exec python3 "$source_dir/tests/bench/measure.py" "$bin" "$source_dir" "$@"
