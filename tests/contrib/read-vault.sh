#!/usr/bin/env bash
# read-vault.sh VAULT_PEER: contrib/read-vault.py opens the test vectors and a vault that the program
# just built has made, refuses each of them after one change, and shows no secret to a terminal.
set -euo pipefail
cd "$(dirname "$0")/../.."
peer=$1
reader=contrib/read-vault.py
vectors=tests/vectors
id=main/anthropic:default/key
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	echo "read-vault: $*" >&2
	exit 1
}

hash_of() {
	printf '%s' "$1" | sha256sum | cut -d' ' -f1
}

refused() { # VAULT KEYFILE WORDS
	if "$reader" "$1" "$2" >"$work/out" 2>"$work/error"; then
		fail "opened what it must refuse ($3)"
	fi
	grep -q "$3" "$work/error" || fail "wanted \"$3\", got: $(tail -n 1 "$work/error")"
	[ ! -s "$work/out" ] || fail "names were printed of what was refused ($3)"
}

# The vectors.
[ "$("$reader" $vectors/example.vault.json $vectors/example.key)" = $id ] || fail "names of example"
"$reader" $vectors/example.vault.json $vectors/example.key --sha256 $id \
	"$(hash_of sk-ant-EXAMPLE-not-a-real-key-000000000000)" || fail "the example's secret"
if "$reader" $vectors/example.vault.json $vectors/example.key --sha256 $id "$(hash_of x)" 2>&1; then
	fail "any hash is right"
fi >/dev/null
[ "$("$reader" $vectors/other.vault.json $vectors/example.key | wc -l)" = 4 ] || fail "names of other"
[ "$("$reader" $vectors/other.vault.json $vectors/example.key --get \
	main/openai:default/key | wc -c)" = 15011 ] || fail "a long secret"

# A vault of the program just built: every record, byte for byte.
mkdir "$work/ours"
"$peer" write "$work/ours"
key=$(echo "$work"/ours/keys/*.key)
"$peer" read "$work/ours/vault.json" "$key" >"$work/expected"
[ -s "$work/expected" ] || fail "the program made an empty vault"
while IFS=$'\t' read -r name secret; do
	"$reader" "$work/ours/vault.json" "$key" --sha256 "$name" "$(hash_of "$secret")" ||
		fail "record $name differs"
done <"$work/expected"
cut -f 1 "$work/expected" | cmp - <("$reader" "$work/ours/vault.json" "$key") || fail "names of ours"

# One change: none is accepted, none is taken for another.
change() { # PYTHON: what to do with the vault v
	python3 -c "import json, sys
v = json.load(open(sys.argv[1]))
r, s = v['records'][0], v['slots'][0]
flip = lambda t: ('B' if t[0] == 'A' else 'A') + t[1:]
$1
json.dump(v, open(sys.argv[2], 'w'))" $vectors/example.vault.json "$work/changed.json"
}
while IFS='|' read -r words code; do
	change "$code"
	refused "$work/changed.json" $vectors/example.key "$words"
done <<'END'
damaged|r['c'] = flip(r['c'])
damaged|r['n'] = flip(r['n'])
damaged|r['rev'] += 1
damaged|r['ts'] += 1
damaged|r['provider'] = 'other'
damaged|v['gen'] += 1
damaged|v['mac'] = flip(v['mac'])
damaged|v['kc'] = flip(v['kc'])
damaged|v['records'] = []
damaged|s['w'] = flip(s['w'])
damaged|r['c'] += '='
wrong key|s['ops'] = 1
wrong key|v['epoch'] = 2
not a vault|v['v'] = 2
END
sed 's/^tfkey1_./tfkey1_B/' $vectors/example.key >"$work/bad.key"
refused $vectors/example.vault.json "$work/bad.key" "not a key file"
refused $vectors/example.vault.json "$key" "wrong key"

# A terminal gets names, and no secret.
on_terminal() {
	python3 -c 'import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)' "$@" </dev/null
}
on_terminal "$reader" $vectors/example.vault.json $vectors/example.key | grep -q $id ||
	fail "no names on a terminal"
if on_terminal "$reader" $vectors/example.vault.json $vectors/example.key --get $id >"$work/screen"; then
	fail "a secret was given to a terminal"
fi
if grep -q EXAMPLE "$work/screen"; then
	fail "a secret is on the terminal"
fi

lines=$(wc -l <"$reader")
[ "$lines" -le 120 ] || fail "the reader has $lines lines, more than a person reads"
