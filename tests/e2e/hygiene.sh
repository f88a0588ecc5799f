#!/usr/bin/env bash
# What the programs leave to others: descriptors, variables, limits, /proc, and foreign text on the
# terminal. Each check has its control.
# shellcheck disable=SC2015,SC2016,SC2119 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
use_provider anthropic
key=$(make_key)
printf '%s' "$key" >"$work/key"
chmod 600 "$work/key"
"$tfb" models auth paste-token --provider anthropic --profile-id anthropic:default --key-file "$work/key" \
	>/dev/null || fail "no key was saved"
rm "$work/key"
printf 'THINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\n' >"$state/.env"
chmod 600 "$state/.env"

# --- descriptors: the target of run gets its caller's, and none of ours ---------------------
exec 7</dev/null
got=$("$tfb" run -- sh -c 'for f in /proc/$$/fd/*; do echo "${f##*/}"; done' | sort -n | tr '\n' ' ')
want=$(sh -c 'for f in /proc/$$/fd/*; do echo "${f##*/}"; done' | sort -n | tr '\n' ' ')
exec 7<&-
case "$want" in *7*) ;; *) fail "the control sees no descriptor 7: $want" ;; esac
[ "$got" = "$want" ] || fail "descriptors of the target: $got, of a plain child: $want"

# --- the target has its key, and its umask, limits and variables as the caller had them ------
[ "$("$tfb" run -- sh -c 'echo "$ANTHROPIC_API_KEY"')" = "$key" ] || fail "the target has no key"
ask='umask; ulimit -c; echo "$SSLKEYLOGFILE $CURL_HOME $MALLOC_ARENA_TEST"'
got=$(umask 022; ulimit -c 0; SSLKEYLOGFILE=a CURL_HOME=b MALLOC_ARENA_TEST=c "$tfb" run -- sh -c "$ask")
want=$(umask 022; ulimit -c 0; SSLKEYLOGFILE=a CURL_HOME=b MALLOC_ARENA_TEST=c sh -c "$ask")
[ "$got" = "$want" ] || fail "the target's limits: $got, wanted $want"

# --- our own process: variables gone, no core, not readable ---------------------------------
# The program waits for a key on a descriptor that nobody writes.
mkfifo "$work/fifo"
exec 8<>"$work/fifo"
SSLKEYLOGFILE=$work/tls CURL_HOME=$work OPENSSL_CONF=$work/x "$tfb" models auth paste-token \
	--provider anthropic --profile-id anthropic:two --key-fd 8 >/dev/null 2>&1 &
pid=$!
poll '[ "$(readlink /proc/$pid/exe)" = "$(readlink -f "$tfb")" ] &&
	grep -q "^Max core file size *[01] " /proc/$pid/limits' || fail "cores are possible"
if ! nm -a "$tfb" 2>/dev/null | grep -q __asan; then
	[ "$(stat -c %U "/proc/$pid/mem")" = root ] || fail "/proc/PID/mem belongs to $(id -un)"
	if [ "$(id -u)" != 0 ]; then
		if cat "/proc/$pid/environ" >/dev/null 2>&1; then fail "/proc/PID/environ is readable"; fi
	fi
	cd "$work"
	kill -ABRT $pid
	wait $pid 2>/dev/null || true
	[ -z "$(find "$work" -maxdepth 1 -name 'core*')" ] || fail "a core was written"
else
	kill $pid
	wait $pid 2>/dev/null || true
fi
exec 8>&-
[ ! -e "$work/tls" ] || fail "TLS secrets were written"

# --- the resolver, as a gateway runs it: no environment, nothing on stderr --------------------
echo '{"protocolVersion":1,"ids":["main/anthropic:default/key"]}' |
	env -i HOME="$HOME" "$state/bin/thinkfleetbot-resolve" --state-dir "$state" \
		>"$work/answer" 2>"$work/err" || fail "the resolver failed: $(cat "$work/err")"
grep -qF "$key" "$work/answer" || fail "the resolver gave no key"
[ ! -s "$work/err" ] || fail "the resolver said: $(cat "$work/err")"

# --- foreign text: ids, models, paths, providers' names and variables that act on a terminal ---
hostile=$(printf 'x\033]52;c;QUJD\007\033[8m\xe2\x80\xae\xe2\x81\xa6\xc2\x9b31m\x7f\xe2\x80\x8b')
python3 - "$state" "$hostile" <<-'PY'
	import json, os, sys
	state, bad = sys.argv[1], sys.argv[2]
	path = state + "/agents/main/agent/auth-profiles.json"
	store = json.load(open(path))
	store["profiles"]["anthropic:" + bad] = {
	    "type": "api_key", "provider": "anthropic", "key": "sk-plain-0123456789abcdef", "email": bad}
	store["profiles"][bad] = {"type": "token", "provider": bad, "token": "t0123456789abcdef",
	                          "tokenRef": {"source": "env", "provider": bad, "id": bad}}
	store["profiles"]["broken " + bad] = {"type": bad, "provider": bad}
	store["order"] = {"anthropic": [bad, "anthropic:" + bad]}
	store["usageStats"] = {"anthropic:" + bad: {"disabledUntil": 9999999999999, "disabledReason": bad}}
	json.dump(store, open(path, "w"))
	config = {"models": {"providers": {bad: {"baseUrl": "http://127.0.0.1:1/" + bad, "apiKey": "k0123456789"}}},
	          "agents": {"defaults": {"model": {"primary": "anthropic/" + bad, "fallbacks": [bad + "/" + bad]},
	                                  "models": {"anthropic/" + bad: {"alias": bad}}}}}
	json.dump(config, open(state + "/thinkfleetbot.json", "w"))
	with open(state + "/.env", "a") as f:
	    f.write("OPENAI_API_KEY=sk-plain-0123456789abcdef\nTHINKFLEETBOT_SEALED_GROQ_API_KEY=" + "main/nowhere/key\n")
	os.makedirs(state + "/logs " + bad, exist_ok=True)
	open(state + "/logs " + bad + "/" + bad, "w").write("sk-plain-0123456789abcdef\n")
	os.symlink("/etc", state + "/" + bad)
PY
chmod 600 "$state/thinkfleetbot.json"

# harmless FILE: no escape, no other control but newline, no bidi control, no zero-width character
harmless() {
	python3 - "$1" <<-'PY'
		import sys
		bad = set(range(0x20)) - {10} | {0x7f} | set(range(0x80, 0xa0)) | set(range(0x202a, 0x202f)) \
		    | set(range(0x2066, 0x206a)) | set(range(0x200b, 0x2010)) | {0xfeff, 0x61c}
		data = open(sys.argv[1], "rb").read()
		text = data.decode("utf-8")  # strict: nothing invalid either
		found = sorted({hex(ord(c)) for c in text if ord(c) in bad})
		if found:
		    print(found)
		    sys.exit(1)
	PY
}
printf 'a\033b' >"$work/control"
if harmless "$work/control" >/dev/null; then fail "the control: an escape passes"; fi

cd "$work"
runs=0
while IFS= read -r line; do
	eval "set -- $line"
	for terminal in no yes; do
		if [ $terminal = yes ]; then
			# script(1) gives it a terminal; \r is the terminal's own.
			script -qec "$(printf '%q ' "$tfb" "$@")" /dev/null </dev/null 2>/dev/null |
				tr -d '\r' >"$work/out" || true
		else
			"$tfb" "$@" >"$work/out" 2>&1 </dev/null || true
		fi
		[ -s "$work/out" ] || fail "$line said nothing"
		harmless "$work/out" || fail "$line (terminal: $terminal): $(cat -v "$work/out")"
		runs=$((runs + 1))
	done
done <<'COMMANDS'
--color never models status
--color never models status --json
--color never models status --check
--color never models status --plain
--color never doctor
--color never doctor --json
--color never doctor --deep
--color never secrets audit
--color never secrets audit --json
--color never secrets audit --deep
--color never status --once
--color never status --json
--color never models auth order get --provider anthropic
--color never models auth order get --provider anthropic --json
--color never models auth order set --provider anthropic "$hostile"
--color never models auth order set --provider "$hostile" x
--color never models auth paste-token --provider "$hostile" --key-fd 0
--color never models auth paste-token --provider anthropic --profile-id "$hostile" --key-file "$hostile"
--color never run -- "$hostile"
--color never --state-dir "/nowhere/$hostile" models status
--color never --state-dir "/nowhere/$hostile" doctor
--color never --state-dir "/nowhere/$hostile" secrets audit
--color never models status --agent "$hostile"
--color never models status --warn-within "$hostile"
--color never "$hostile"
--color never help "$hostile"
--color never doctor "--$hostile"
--color never doctor "$hostile"
COMMANDS
[ $runs = 56 ] || fail "only $runs runs"
