#!/usr/bin/env bash
# The manual pages are clean mdoc.
command -v mandoc >/dev/null || exit 77
pages=$(git ls-files 'man/*.[0-9]')
[ -n "$pages" ] || exit 77
# shellcheck disable=SC2086
mandoc -T lint -W style $pages
