#!/usr/bin/env bash
# What a gateway gets: variables from `run`, values from the installed resolver.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

count=64
keys_of=()
for ((i = 0; i < count; i++)); do
	key=$(make_openai_key)
	keys_of+=("$key")
	onboard_key openai "$key" --no-verify --profile-id "openai:p$i"
	ends_with 0 "sealing key $i"
done

# --- the resolver -------------------------------------------------------------------------------------

ids=()
for ((i = 0; i < count; i++)); do ids+=("main/openai:p$i/key"); done
printf '%s\n' "${keys_of[@]}" >"$work/wanted"

# check_values DAMAGED: every id has its key, but the damaged one has an error of its own
check_values() {
	python3 - "$work/answer" "$work/wanted" "$1" <<-'EOF' || fail "the resolver's answer"
		import json, sys
		d = json.load(open(sys.argv[1]))
		wanted = open(sys.argv[2]).read().split()
		bad = f"main/openai:p{sys.argv[3]}/key"
		assert list(d) == ["protocolVersion", "values", "errors"] and d["protocolVersion"] == 1
		assert d["values"] == {f"main/openai:p{i}/key": k for i, k in enumerate(wanted)
		                       if f"main/openai:p{i}/key" != bad}
		errors = {"nobody/here": {"code": "NOT_FOUND", "message": "not found"},
		          "main/openai:p1/token": {"code": "NOT_FOUND", "message": "not found"}}
		if sys.argv[3] != "-":
		    errors[bad] = {"code": "TAMPERED", "message": "tampered"}
		assert d["errors"] == errors, d["errors"]
	EOF
}

resolve "${ids[@]}" nobody/here main/openai:p1/token
ends_with 0 "resolver"
[ ! -s "$work/resolve.err" ] || fail "the resolver wrote on stderr: $(cat "$work/resolve.err")"
check_values -

# The configuration runs it in just this way.
python3 - "$config" "$state" "$HOME" <<-'EOF' || fail "secrets.providers in the configuration"
	import json, sys
	row = json.load(open(sys.argv[1]))["secrets"]["providers"]["thinkfleetbot"]
	assert row["command"] == sys.argv[2] + "/bin/thinkfleetbot-resolve"
	assert row["args"] == ["--state-dir", sys.argv[2], "--key-dir",
	                       sys.argv[3] + "/.local/share/thinkfleetbot/keys"]
EOF

# One flipped bit costs one record, from the resolver and from run alike.
cp "$vault" "$work/vault.good"
python3 - "$vault" <<-'EOF'
	import json, re, sys
	text = open(sys.argv[1]).read()
	at = text.index('"id":"main/openai:p7/key"')
	at = text.index('"c":"', at) + 40
	text = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1:]
	open(sys.argv[1], "w").write(text)
EOF
resolve "${ids[@]}" nobody/here main/openai:p1/token
ends_with 0 "resolver with a damaged record"
check_values 7
run_tfb run -- sh -c 'printf %s "$OPENAI_API_KEY"'
ends_with 0 "run beside a damaged record"
[ "$(cat "$work/out")" = "${keys_of[0]}" ] || fail "run beside a damaged record: another value"
cp "$work/vault.good" "$vault"

# request BYTES STATUS NAME: what is not a request is refused, in one line, without a value
request() {
	status=0
	printf '%s' "$1" | env -i "$state/bin/thinkfleetbot-resolve" --state-dir "$state" \
		"${key_dir_words[@]}" >"$work/out" 2>"$work/err" || status=$?
	ends_with "$2" "$3"
	if [ "$2" != 0 ]; then
		[ ! -s "$work/out" ] || fail "$3: wrote on stdout"
		[ "$(wc -l <"$work/err")" = 1 ] || fail "$3: not one line: $(cat "$work/err")"
	fi
}
many() {
	python3 -c 'import json, sys; print(json.dumps({"protocolVersion": 1, "provider": "t",
"ids": [f"main/openai:p{i}/key" for i in range(int(sys.argv[1]))]}))' "$1"
}
request "$(many 512)" 0 "512 ids"
json_true 'len(d["values"]) == 64 and len(d["errors"]) == 448' "$work/out" "512 ids"
request "$(many 513)" 2 "513 ids"
request '{"protocolVersion":2,"provider":"t","ids":["a"]}' 2 "protocol 2"
request '{"protocolVersion":1,"provider":"t"}' 2 "no ids"
request '{"protocolVersion":1,"ids":[1]}' 2 "a number for an id"
request 'garbage' 2 "garbage"
request '' 2 "nothing"
request '{"protocolVersion":1,"ids":[]}{}' 2 "two documents"
request "{\"protocolVersion\":1,\"ids\":[\"$(head -c 300000 /dev/zero | tr '\0' a)\"]}" 2 "300,000 bytes"
request '{"protocolVersion":1,"ids":[]}' 0 "no id"
json_true 'd == {"protocolVersion": 1, "values": {}, "errors": {}}' "$work/out" "no id"

# --- run ----------------------------------------------------------------------------------------------

value=${keys_of[0]} # the first profile of a variable keeps it
run_tfb run -- env
ends_with 0 "run -- env"
grep -qxF "OPENAI_API_KEY=$value" "$work/out" || fail "run -- env does not show the variable"
[ ! -s "$work/err" ] || fail "run wrote on stderr: $(cat "$work/err")"
env -0 | sort -z | grep -zvE '^(_|OPENAI_API_KEY)=' >"$work/env.before"
run_tfb run -- env -0
sort -z "$work/out" | grep -zvE '^(_|OPENAI_API_KEY)=' | cmp - "$work/env.before" ||
	fail "run changed another variable"

# It becomes the command: the process id stays, the status and the signal are the command's.
"$tfb" run -- sh -c 'echo $$' >"$work/out" &
wait $! || fail "run in the background"
[ "$(cat "$work/out")" = $! ] || fail "run has another process id"
run_tfb run -- sh -c 'exit 37'
ends_with 37 "exit status of the command"
run_tfb run -- sh -c 'kill -TERM $$'
ends_with 143 "signal of the command"
run_tfb run -- sh -c 'trap "" PIPE; echo ok'
ends_with 0 "plain command"

# Nothing of ours is inherited, everything of the caller's is.
for mask in 022 027; do
	[ "$(umask $mask && "$tfb" run -- sh -c umask)" = "0$mask" ] || fail "run changed the umask $mask"
done
[ "$(NODE_OPTIONS=--no-warnings "$tfb" run -- sh -c 'echo "$NODE_OPTIONS"')" = --no-warnings ] ||
	fail "run lost NODE_OPTIONS"
[ "$(ulimit -c)" = "$("$tfb" run -- sh -c 'ulimit -c')" ] || fail "run changed the core limit"
[ "$(echo hello | "$tfb" run -- cat)" = hello ] || fail "run lost stdin"
[ "$("$tfb" run -- sh -c 'cat <&7' 7<<<seven)" = seven ] || fail "run lost descriptor 7"
ls_fds() { printf '%s ' /proc/self/fd/*; }
[ "$("$tfb" run -- bash -c "$(declare -f ls_fds); ls_fds")" = "$(bash -c "$(declare -f ls_fds); ls_fds")" ] ||
	fail "run left a descriptor open"
run_tfb run -- sh -c 'sleep 0.01; yes | head -n 1'
ends_with 0 "SIGPIPE in a pipeline"
[ "$(bash -c 'set -o pipefail; "$1" run -- yes | head -n 1; echo ${PIPESTATUS[0]}' - "$tfb" | tail -n 1)" = 141 ] ||
	fail "SIGPIPE is ignored in the command"
run_tfb run -- "$work/no-such-command"
ends_with 66 "a command that is missing"
says "no-such-command" "a command that is missing"
run_tfb run
ends_with 64 "run without a command"

# A variable that is set wins, with a warning that does not show it; an empty one does not.
OPENAI_API_KEY=mine-is-better run_tfb run -- sh -c 'echo "$OPENAI_API_KEY"'
[ "$(cat "$work/out")" = mine-is-better ] || fail "the variable that was set lost"
says "OPENAI_API_KEY is set in the environment and wins" "a variable that is set"
if grep -qF mine-is-better "$work/err"; then fail "the warning shows the value"; fi
OPENAI_API_KEY='' run_tfb run -- sh -c 'echo "$OPENAI_API_KEY"'
[ "$(cat "$work/out")" = "$value" ] || fail "an empty variable won"
# Options of the command are its own.
run_tfb run -- printf '%s|' --agent x --help -- --token sk-x
[ "$(cat "$work/out")" = "--agent|x|--help|--|--token|sk-x|" ] || fail "run ate an option of the command"
