#!/usr/bin/env bash
# The ways into a vault, on the command line: every slot opens it from the disk, the last one
# stays, an interrupted change of the key file is finished, a service opens with a credential.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

use_little_memory
key=sk-or-v1-$(printf '%064d' 7 | sed 's/0/a1b2/4;s/00/9f/g')
record=main/openrouter:manual/key

# expect_status N COMMAND...: its output is in $out
expect_status() {
	local want=$1 got=0
	shift
	out=$("$@" 2>&1 </dev/null) || got=$?
	[ "$got" = "$want" ] || fail "exit $got, not $want: $* -> $out"
}

says() {
	grep -qF -- "$1" <<<"$out" || fail "\"$1\" is not in: $out"
}

resolves() {
	printf '{"protocolVersion":1,"provider":"thinkfleetbot","ids":["%s"]}' "$record" |
		env -i "$@" "$bin/thinkfleetbot-resolve" --state-dir "$state" --key-dir "$keys"
}

printf %s "$key" | "$tfb" models auth paste-token --provider openrouter --key-stdin --no-verify \
	>/dev/null
keys=$HOME/.local/share/thinkfleetbot/keys
id=$(basename "$keys"/*.key .key)
umask 077
echo 'correct horse battery' >"$work/pass"
echo 'another horse battery' >"$work/wrong"
head -c 32 /dev/urandom >"$work/kek"
mkdir -m 700 "$work/credentials"
install -m 400 "$work/kek" "$work/credentials/bot.kek"

# --- slots
expect_status 0 "$tfb" secrets slot add passphrase --low-memory --new-passphrase-file "$work/pass"
says "Key slot s2 (passphrase) was added; the vault was opened with it from the disk."
"$tfb" secrets slot add recovery --code-fd 3 3>"$work/code" >/dev/null
grep -qxE '([0-9A-HJKMNP-TV-Z]{5}-){6}[0-9A-HJKMNP-TV-Z]{5}' "$work/code" || fail "code shape"
"$tfb" secrets slot add recovery --code-fd 1 >"$work/code.1" 2>"$work/err" || fail "code on 1: $(cat "$work/err")"
grep -qxE '([0-9A-HJKMNP-TV-Z]{5}-){6}[0-9A-HJKMNP-TV-Z]{5}' "$work/code.1" || fail "code on 1"
[ "$(wc -l <"$work/code.1")" = 1 ] || fail "more than the code is on descriptor 1"
grep -q "Key slot s4 (recovery code) was added" "$work/err" || fail "nothing is said of the slot"
"$tfb" secrets slot remove s4 --recovery-fd 7 7<"$work/code" >/dev/null
expect_status 77 "$tfb" secrets slot add systemd-cred --name bot.kek
says "CREDENTIALS_DIRECTORY is not set"
expect_status 0 env CREDENTIALS_DIRECTORY="$work/credentials" \
	"$tfb" secrets slot add systemd-cred --name bot.kek
says "while key slot s1 (key file) is there, the credential gains nothing"
expect_status 77 "$tfb" secrets slot add file
says "opens this vault already"
expect_status 64 "$tfb" secrets slot add fingerprint
echo short >"$work/short"
expect_status 64 "$tfb" secrets slot add passphrase --new-passphrase-file "$work/short"
says "shorter than 10"
expect_status 66 "$tfb" secrets slot remove s9

expect_status 0 "$tfb" secrets slot list --json
python3 - "$out" <<'PY' || fail "slot list --json: $out"
import json, sys
d = json.loads(sys.argv[1])
assert [s["type"] for s in d["slots"]] == ["file", "argon2id", "recovery", "systemd-cred"], d
assert [s["opens"] for s in d["slots"]] == [True, None, None, None], d
assert d["weakest"] == {"id": "s1", "type": "file", "words": "opens with a key file on this disk"}
PY
expect_status 0 "$tfb" secrets verify --passphrase-file "$work/pass" --recovery-fd 7 7<"$work/code"
says "Everything that was tried opens."
expect_status 77 "$tfb" secrets verify --passphrase-file "$work/wrong"
says "wrong passphrase"
tr 0-9A-Z 1-9A-Z0 <"$work/code" >"$work/typo"
expect_status 64 "$tfb" secrets verify --recovery-fd 7 7<"$work/typo"
says "of the recovery code"

# --- the key file is replaced, and an interrupted replacement finished
cp "$keys/$id.key" "$work/old.key"
expect_status 0 "$tfb" secrets rekey key-file
cmp -s "$keys/$id.key" "$work/old.key" && fail "the key file is the old one"
[[ $(resolves) == *"$key"* ]] || fail "the resolver does not open with the new key file"
install -m 400 "$work/old.key" "$keys/$id.key.new"
expect_status 0 "$tfb" secrets status
says "was interrupted"
expect_status 0 "$tfb" secrets verify
says "was removed"
[ ! -e "$keys/$id.key.new" ] || fail "what was left is still there"

# --- a new master key needs every slot
expect_status 77 setsid "$tfb" secrets rekey vault
says "not here: s2 (passphrase), s3 (recovery code), s4 (system credential)"
before=$(sha256sum <"$state/secrets/vault.json")
expect_status 77 setsid "$tfb" secrets rekey vault --drop s2
[ "$before" = "$(sha256sum <"$state/secrets/vault.json")" ] || fail "a refused rekey wrote"
expect_status 0 env CREDENTIALS_DIRECTORY="$work/credentials" "$tfb" secrets rekey vault \
	--compromised --passphrase-file "$work/pass" --recovery-fd 7 7<"$work/code"
says "The old file still opens with the old key"
[ ! -e "$state/secrets/vault.json.bak" ] || fail "a backup with the old key was kept"
expect_status 0 "$tfb" secrets verify --passphrase-file "$work/pass"

# --- a service opens with its credential, without the key file
slot=$("$tfb" secrets slot list --json | python3 -c '
import json, sys
print(next(s["id"] for s in json.load(sys.stdin)["slots"] if s["type"] == "file"))')
expect_status 0 env CREDENTIALS_DIRECTORY="$work/credentials" "$tfb" secrets slot remove "$slot"
[ ! -e "$keys/$id.key" ] || fail "the key file outlived its slot"
[[ $(resolves CREDENTIALS_DIRECTORY="$work/credentials") == *"$key"* ]] ||
	fail "the resolver does not open with the credential"
[[ $(resolves) == *'"code":"NOT_FOUND"'* || $(resolves) == *'"code":"LOCKED"'* ]] ||
	fail "the resolver opens with nothing: $(resolves)"
got=$(CREDENTIALS_DIRECTORY="$work/credentials" "$tfb" run -- sh -c 'echo "$OPENROUTER_API_KEY"')
[ "$got" = "$key" ] || fail "run does not open with the credential"

# --- the last slot that needs nobody goes only with a typed sentence
expect_status 77 setsid "$tfb" secrets slot remove s4 --passphrase-file "$work/pass"
says "no terminal to ask on"
expect_status 0 "$tfb" secrets slot remove s4 --yes-offline --passphrase-file "$work/pass"
expect_status 75 setsid "$tfb" secrets verify
says "the vault is locked: it opens only when a passphrase is typed"
expect_status 0 "$tfb" status --once
says "opens only when a passphrase is typed"
expect_status 66 "$tfb" secrets slot remove s2 --passphrase-file "$work/pass"
says "without key slot s2: $vault: the vault has no slot for a passphrase"
expect_status 0 "$tfb" secrets slot remove s2 --recovery-fd 7 7<"$work/code"
expect_status 77 "$tfb" secrets slot remove s3 --recovery-fd 7 7<"$work/code"
says "s3 is the last key slot"

# --- and back: a key file again
expect_status 0 "$tfb" secrets slot add file --recovery-fd 7 7<"$work/code"
[ -e "$keys/$id.key" ] || fail "the new key file has not its name"
[ ! -e "$keys/$id.key.new" ] || fail "the new key file has two names"
[[ $(resolves) == *"$key"* ]] || fail "the resolver does not open with the key file"
expect_status 0 "$tfb" secrets verify

# --- an anchor that cannot be moved is no failure, and never silent
mv "$keys/$id.anchor" "$work/anchor"
mkdir "$keys/$id.anchor"
expect_status 0 "$tfb" secrets rekey key-file
says "an older copy of the vault would go unnoticed"
rmdir "$keys/$id.anchor"
mv "$work/anchor" "$keys/$id.anchor"
out=$("$tfb" doctor --deep 2>&1 || true)
says "was not noted in the key folder"

# --- what a write that was killed left beside .env: found by who looks, removed by who writes
left=$state/..env.thinkfleetbot.2000000000.0123456789abcdef.tmp
echo "OPENROUTER_API_KEY=invented" >"$left"
out=$("$tfb" doctor 2>&1 || true)
says "may hold a plain key"
expect_status 66 "$tfb" models auth remove nobody:here --yes nobody:here
[ ! -e "$left" ] || fail "a command that writes left it there"
grep -rqF "$key" "$state" "$keys" && fail "the key is in a file"
echo "ok"
