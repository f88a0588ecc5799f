#!/usr/bin/env bash
# secrets audit from outside: what it finds, counts, mends and answers, against grep as the other opinion.
# shellcheck disable=SC2015,SC2119 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
use_provider anthropic
key=$(make_key)
export THINKFLEETBOT_TEST_NOW=1795330000000

out() { # STATUS ARGUMENT...: runs it, keeps stdout and stderr
	local want=$1 rc=0
	shift
	"$tfb" "$@" >"$work/out" 2>"$work/err" </dev/null || rc=$?
	[ $rc = "$want" ] || fail "$*: status $rc, wanted $want: $(cat "$work/out" "$work/err")"
	if grep -qF -- "${key:13:20}" "$work/out" "$work/err"; then fail "$*: prints the key"; fi
}
says() {
	grep -qF -- "$1" "$work/out" || fail "not said: $1; but: $(cat "$work/out")"
}
member() { # PYTHON-EXPRESSION over the JSON: its value
	python3 -c 'import json,sys; a=json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$work/out" "$1"
}

# --- clean ---------------------------------------------------------------------------------
out 0 secrets audit --check
says "Secrets audit: clean. plaintext=0, unresolved=0, shadowed=0, legacy=0"
printf '%s' "$key" >"$work/key"
chmod 600 "$work/key"
out 0 models auth paste-token --provider anthropic --profile-id anthropic:default --key-file "$work/key"
rm "$work/key"
out 0 secrets audit --check
says "clean"
says "for 1 credential, 1 of them sealed: state folder"

# --- plants --------------------------------------------------------------------------------
mkdir -p "$HOME/.config/systemd/user/gw.service.d" "$HOME/.config/environment.d"
echo "export ANTHROPIC_API_KEY=$key" >>"$HOME/.bash_history"
printf '[Service]\nEnvironment=ANTHROPIC_API_KEY=%s\n' "$key" >"$HOME/.config/systemd/user/gw.service.d/o.conf"
printf 'A=1\nANTHROPIC_API_KEY=%s\nB=2\n' "$key" >"$state/.env"
chmod 600 "$state/.env"
printf 'x\0%s' "$key" >"$state/cache.bin"
planted=$(grep -raoF -- "$key" "$HOME" | wc -l)
[ "$planted" = 4 ] || fail "the control: $planted plants"

out 0 secrets audit
says "- [SEALED_COPY] ~/.bash_history:1 "
says "others may have read it: rotate it"
says "- [SEALED_COPY] ~/.thinkfleetbot/.env:2:\$env.ANTHROPIC_API_KEY "
says "binary files searched too"
out 1 secrets audit --check
out 1 secrets audit --check --json
[ "$(member 'a["summary"]["sealedCopyCount"]')" = "$planted" ] || fail "another count than grep's"
[ "$(member 'a["status"]')" = findings ] || fail "status"
[ "$(member 'len(a["filesScanned"]) == a["searched"]["files"]')" = True ] || fail "files"
[ "$(member 'a["resolution"]["refsChecked"]')" = 1 ] || fail "references"

# --- mending -------------------------------------------------------------------------------
out 0 secrets audit --fix
[ "$(cat "$state/.env")" = $'A=1\nB=2' ] || fail ".env is $(cat "$state/.env")"
[ "$(mode_of "$state/.env")" = 600 ] || fail "mode of .env"
grep -qF -- "take this line out" "$work/err" || fail "it was not shown before"
grep -qF -- "$key" "$HOME/.bash_history" || fail "the history is not ours to change"
says "Rotate at Anthropic"
rm "$HOME/.bash_history" "$HOME/.config/systemd/user/gw.service.d/o.conf" "$state/cache.bin"
out 0 secrets audit --check

# --- what others run with ------------------------------------------------------------------
env -i ANTHROPIC_API_KEY="$key" sleep 60 &
child=$!
poll 'grep -qaF ANTHROPIC "/proc/$child/environ"' || fail "the child did not start"
out 0 secrets audit
says "clean"
out 0 secrets audit --deep
says "/proc/$child/environ"
kill $child

# --- references ----------------------------------------------------------------------------
sed -i 's,main/anthropic:default/key,main/gone/key,' "$state/agents/main/agent/auth-profiles.json"
out 2 secrets audit
says "- [REF_UNRESOLVED]"
sed -i 's,main/gone/key,main/anthropic:default/key,' "$state/agents/main/agent/auth-profiles.json"
mv "$HOME/.local/share/thinkfleetbot/keys" "$work/keys"
out 2 secrets audit --json
[ "$(member 'bool(a["searched"]["vaultClosed"])')" = True ] || fail "a closed vault is not said"
mv "$work/keys" "$HOME/.local/share/thinkfleetbot/keys"
out 0 secrets audit --check
