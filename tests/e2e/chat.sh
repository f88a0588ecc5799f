#!/usr/bin/env bash
# `chat`: a model answers from the gateway host; /model pins a credential to a session in the gateways'
# own sessions.json; what fails says so; nothing of a key leaves, and nothing of a provider reaches the
# terminal unclean.
# shellcheck disable=SC2015,SC2016,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider
sessions=$state/agents/main/sessions/sessions.json
default=$(make_key)
token=$(make_token)
openai=$(make_openai_key)
rejected="sk-ant-api03-REJECT$(random_text 87)AA"

configure() { # [MORE]: every provider is the double
	mkdir -p -m 700 "$state"
	cat >"$config" <<-EOF
		{ "models": { "providers": {
		    "anthropic": { "baseUrl": "http://127.0.0.1:$port" },
		    "openai": { "baseUrl": "http://127.0.0.1:$port/v1" },
		    "google": { "baseUrl": "http://127.0.0.1:$port/v1beta" },
		    "my-llm": { "baseUrl": "http://127.0.0.1:$port/own/v1", "api": "openai-completions",
		                "apiKey": "\${MY_LLM_KEY}", "models": [ { "id": "tiny" } ] } } }${1:-} }
	EOF
	chmod 600 "$config"
}

store() { # PROFILE KEY [OPTION...]
	local id=$1 key=$2
	shift 2
	status=0
	printf '%s' "$key" | "$tfb" models auth paste-token --provider "${id%%:*}" --profile-id "$id" --no-verify \
		"$@" >"$work/out" 2>"$work/err" || status=$?
	ends_with 0 "store $id"
}

# chat MESSAGE...: one message; the answer is in $work/out
chat() {
	run_tfb chat -- "$@"
}

# answered TEXT NAME: the last chat ended well, and its answer is exactly that
answered() {
	ends_with 0 "$2"
	[ "$(cat "$work/out")" = "$1" ] && return
	show_output
	fail "$2: answered otherwise"
}

# --- nothing is there ----------------------------------------------------------------------------------

configure
chat hello
ends_with 66 "no credential"
says 'No API key found for provider "anthropic"' "no credential"
[ ! -e "$sessions" ] || fail "a message that was not sent wrote the sessions"
run_tfb chat --list
ends_with 0 "no sessions"
says "No sessions." "no sessions"

# --- which credential is used -----------------------------------------------------------------------------

onboard_key anthropic "$default" --method api-key --no-verify
ends_with 0 "anthropic:default"
store anthropic:work "$token"
onboard_key openai "$openai" --no-verify
ends_with 0 "openai:default"
configured=$(cat "$config")

chat hello there
answered "1 authorization claude-opus-4-5 ${token: -4}: hello there" "the first in order is the token"
[ ! -e "$sessions" ] || fail "a plain message wrote the sessions"
run_tfb models auth order set --provider anthropic anthropic:default anthropic:work
run_tfb chat --no-stream hi
answered "1 x-api-key claude-opus-4-5 ${default: -4}: hi" "the order decides"
run_tfb chat --model gpt hi
answered "1 authorization gpt-5.2 ${openai: -4}: hi" "--model"
run_tfb chat --model opus@anthropic:work hi
answered "1 authorization claude-opus-4-5 ${token: -4}: hi" "--model with a profile"
[ ! -e "$sessions" ] || fail "--model wrote the sessions"
MY_LLM_KEY=own-key-of-mine-1234 run_tfb chat --model my-llm/tiny hi
answered "1 authorization tiny 1234: hi" "an endpoint of one's own"
printf 'piped\ntext' | "$tfb" chat >"$work/out" 2>"$work/err" || fail "a pipe"
answered "1 x-api-key claude-opus-4-5 ${default: -4}: piped
text" "a pipe"
run_tfb chat --json WHOLE
ends_with 0 json
json_true "d['answer'].endswith('WHOLE') and d['profile'] == 'anthropic:default' and d['pinned'] is None and
	d['model'] == 'anthropic/claude-opus-4-5' and d['session'] == 'agent:main:main'" "$work/out"
run_tfb chat --model opus@anthropic:work HEADERS
json_true "'oauth-2025-04-20' in d['anthropic-beta'] and d['anthropic-version'] and
	'claude' not in (d['user-agent'] or '').lower()" "$work/out" "a setup-token is no Claude Code"

# --- a session of a gateway, with others beside it ------------------------------------------------------------

mkdir -p -m 700 "${sessions%/*}"
cat >"$sessions" <<-'EOF'
	{
	  "agent:main:telegram:42": {"sessionId":"t-1",   "skillsSnapshot":{"prompt":"\u00e9"}, "authProfileOverride":"openai:default",
	    "authProfileOverrideSource":"auto"},
	  "agent:main:main": {
	    "sessionId": "m-1",
	    "updatedAt": 1795329678788,
	    "channel": "webchat",
	    "compactionCount": 2,
	    "deliveryContext": { "to": "x" }
	  },
	  "agent:main:z": { "sessionId" : "z" , "authProfileOverride": "anthropic:gone" }
	}
EOF
chmod 600 "$sessions"
cp "$sessions" "$work/before.json"

# only_ours: without the members that are ours to change the file is what it was, byte for byte
only_ours() {
	python3 - "$work/before.json" "$sessions" <<-'EOF' || fail "$1: more than the session's members changed"
		import re, sys
		ours = r'"(updatedAt|providerOverride|modelOverride|authProfileOverride(Source|CompactionCount)?|sessionId)"'
		def rest(path):
		    text = open(path).read()
		    head, main = text.split('"agent:main:main": {', 1)
		    main, tail = main.split("\n  },", 1)
		    lines = [l.rstrip(",") for l in main.split("\n") if not re.match(r"\s*" + ours, l)]
		    return head, lines, tail
		sys.exit(0 if rest(sys.argv[1]) == rest(sys.argv[2]) else 1)
	EOF
}

main_is() { # EXPRESSION over m, the session's entry
	python3 - "$1" "$sessions" <<-'EOF' || fail "the session: not so: $1"
		import json, sys
		m = json.load(open(sys.argv[2]))["agent:main:main"]
		sys.exit(0 if eval("(" + sys.argv[1] + ")") else 1)
	EOF
}

requests=$(wc -l <"$work/provider.log")
chat /model Sonnet@anthropic:work
answered "Model set to anthropic/claude-sonnet-4-5. Auth profile set to anthropic:work." "pin"
only_ours pin
main_is "m['authProfileOverride'] == 'anthropic:work' and m['authProfileOverrideSource'] == 'user' and
	m['providerOverride'] == 'anthropic' and m['modelOverride'] == 'claude-sonnet-4-5' and
	m['sessionId'] == 'm-1' and 'authProfileOverrideCompactionCount' not in m"
[ "$(mode_of "$sessions")" = 600 ] || fail "the mode of the sessions is $(mode_of "$sessions")"
chat /model status
says "anthropic:work=token:sk-ant-oat01-...${token: -4} (next), anthropic:default=" status
says "Auth profile: anthropic:work (pinned by you)" status
says "[openai] endpoint: http://127.0.0.1:$port/v1 auth: openai:default=sk-proj-...${openai: -4} (next)" status
run_tfb chat --list
says "anthropic/claude-sonnet-4-5  anthropic:work (user)" list
says "openai:default (auto)" list

# refused, and nothing changes
cp "$sessions" "$work/pinned.json"
refused() { # STATUS MESSAGE TEXT
	chat "$2"
	ends_with "$1" "$2"
	says "$3" "$2"
	cmp -s "$sessions" "$work/pinned.json" || fail "$2 changed the session"
}
refused 66 "/model opus@anthropic:nosuch" 'Auth profile "anthropic:nosuch" not found.'
refused 64 "/model gpt@anthropic:work" 'Auth profile "anthropic:work" is for anthropic, not openai.'
refused 64 "/model @anthropic:work" 'Auth profile override requires a model selection.'
refused 64 "/model status@anthropic:work" 'Auth profile override requires a model selection.'
refused 64 "/model 2" 'Numeric model selection is not supported in chat.'
refused 64 "/model zzzz" 'Unrecognized model "zzzz".'
refused 64 "/model claude" 'could be several models'
refused 64 "/modle opus" 'That is no command.'
refused 77 "my key is $default" 'That looks like a key.'
[ "$(wc -l <"$work/provider.log")" = "$requests" ] || fail "a directive asked a provider"

# the directive works without the key file
mv "$HOME/.local/share/thinkfleetbot/keys" "$work/keys"
chat /model opus@anthropic:default
ends_with 0 "a pin without the key file"
chat /model sonnet@anthropic:work
ends_with 0 "and back"
chat hello
[ "$status" != 0 ] || fail "a sealed key was opened without its key file"
mv "$work/keys" "$HOME/.local/share/thinkfleetbot/keys"

chat hello "/model" opus
answered "Model reset to default (anthropic/claude-opus-4-5).
1 x-api-key claude-opus-4-5 ${default: -4}: hello" "the default ends the pin, and the rest is sent"
main_is "'authProfileOverride' not in m and 'modelOverride' not in m"
only_ours "the default"

# --- a failing credential -----------------------------------------------------------------------------------

store anthropic:bad "$rejected"
run_tfb models auth order set --provider anthropic anthropic:bad anthropic:work anthropic:default
chat hello
answered "1 authorization claude-opus-4-5 ${token: -4}: hello" "the next one is tried"
says "Anthropic did not accept anthropic:bad (HTTP 401): invalid x-api-key; trying anthropic:work" "and it is said"
[ "$(wc -l <"$work/err")" = 1 ] || fail "more than a line for it"
chat /model opus@anthropic:bad
ends_with 0 "pin the bad one"
chat hello
ends_with 1 "a pinned one is not replaced"
says "Anthropic did not accept anthropic:bad (HTTP 401)" pinned
says "anthropic:bad is pinned to this session, so no other was tried" pinned
says "replace it: thinkfleetbot models auth rotate anthropic:bad" pinned
says_not trying pinned
main_is "m['authProfileOverride'] == 'anthropic:bad' and m['authProfileOverrideSource'] == 'user'"
chat /new
says "Auth profile: anthropic:work (automatic)" "/new moves on in the circle"
main_is "m['authProfileOverride'] == 'anthropic:work' and m['authProfileOverrideSource'] == 'auto' and
	m['authProfileOverrideCompactionCount'] == 2 and m['sessionId'] != 'm-1' and len(m['sessionId']) == 36"
only_ours /new
chat hello
answered "1 authorization claude-opus-4-5 ${token: -4}: hello" "the automatic one"
chat /model gpt
ends_with 0 gpt
main_is "'authProfileOverride' not in m and m['providerOverride'] == 'openai'"
chat hello
answered "1 authorization gpt-5.2 ${openai: -4}: hello" "another provider's own"

# gone, excluded: the pin goes, and it is said
run_tfb chat --session z hello
answered "1 authorization claude-opus-4-5 ${token: -4}: hello" "a profile that is gone"
says "anthropic:gone is gone: it is not pinned any more" gone
json_true "'authProfileOverride' not in d['agent:main:z']" "$sessions" "the pin is cleared"

for word in LIMIT NOCREDIT CLAUDECODE SERVERERR; do
	store "anthropic:$word" "sk-ant-api03-$word$(random_text 80)AA"
done
run_tfb models auth order clear --provider anthropic
failing() { # PROFILE STATUS TEXT
	run_tfb chat --model "opus@anthropic:$1" hello
	ends_with "$2" "$1"
	says "$3" "$1"
	[ ! -s "$work/out" ] || fail "$1: an answer"
}
failing LIMIT 75 "Anthropic limits anthropic:LIMIT (HTTP 429)"
says "it may be asked again in 7 s" "retry-after"
failing NOCREDIT 1 "add credit or a payment method at the provider"
failing CLAUDECODE 1 "use an Anthropic API key instead"
failing SERVERERR 69 "Anthropic has a problem (HTTP 500)"
says_not "so no other was tried" "a problem of the provider is not the credential's"
run_tfb models auth order set --provider anthropic anthropic:default
run_tfb chat --session err --model opus MIDERROR
ends_with 75 "an error in the middle"
says Overloaded "an error in the middle"
run_tfb chat --model opus CUTOFF
ends_with 0 "the limit of length"
says "cut at the model's limit of length" "the limit of length"

# --- an allow-list ----------------------------------------------------------------------------------------------

printf '%s' "$configured" >"$work/config.json"
configure ', "agents": { "defaults": { "models": {
	"anthropic/claude-opus-4-5": { "alias": "big" }, "anthropic/claude-haiku-4-5": {} } } }'
chat /model openai/gpt-5.2
ends_with 64 "not allowed"
says 'Model "openai/gpt-5.2" is not allowed. Use /models to list providers' "not allowed"
chat /big what is it
answered "Model reset to default (anthropic/claude-opus-4-5).
1 x-api-key claude-opus-4-5 ${default: -4}: what is it" "an alias is a directive"
chat /models
answered "Providers:
- anthropic (2)
- my-llm (1)

Use: /models <provider>
Switch: /model <provider/model>" /models
cp "$work/config.json" "$config"

# --- on a terminal --------------------------------------------------------------------------------------------

rm -f "$sessions"
open_screen 100 40 xterm-256color "$tfb" chat
see "anthropic/claude-opus-4-5. /help lists the commands, Ctrl-D ends."
type_text "first"
keys Enter
see "1 x-api-key claude-opus-4-5 ${default: -4}: first"
type_text "second"
keys Enter
see "3 x-api-key claude-opus-4-5 ${default: -4}: second"
type_text "SLOW please"
keys Enter
see "piece0 piece1"
keys C-c
poll 'grep -qF "cancelled: the question and its answer are forgotten" "$work/screen.err"' || fail "^C did not cancel"
type_text "third"
keys Enter
see "5 x-api-key claude-opus-4-5 ${default: -4}: third"
type_text "ESCAPES"
keys Enter
see "safe red abc" "over end"
[ "$(tmux -L "$tmux_socket" display -p '#{pane_title}')" != owned ] || fail "a provider set the terminal's title"
! tmux -L "$tmux_socket" capture-pane -p -e | grep -q $'\033\[3*1m' || fail "a provider coloured the terminal"
type_text "/model opus@anthropic:default"
keys Enter
see "Auth profile set to anthropic:default."
type_text "/status"
keys Enter
see "Auth profile: anthropic:default (pinned by you)"
keys C-c
type_text "/new"
keys Enter
see "New session. Model: anthropic/claude-opus-4-5. Auth profile: anthropic:default (automatic)."
type_text "again"
keys Enter
see "1 x-api-key claude-opus-4-5 ${default: -4}: again"
keys C-d
ended 0
open_screen 80 24 dumb "$tfb" chat
see "/help lists the commands"
type_text "/quit"
keys Enter
ended 0

# --- damaged, unreachable, wrong uses ----------------------------------------------------------------------------

printf '{"agent:main:main": ' >"$sessions"
before=$(home_state)
for message in hello "/model opus@anthropic:default" /new; do
	chat "$message"
	ends_with 65 "damaged sessions: $message"
	says sessions.json "damaged sessions"
done
unchanged "$before" "damaged sessions"
rm "$sessions"

# A pin stays when nobody can say whether its profile is there.
chat "/model opus@anthropic:default"
ends_with 0 "a pin"
cp "$profiles" "$work/profiles"
printf '{"profiles":{' >"$profiles"
before=$(home_state)
for message in hello "/model opus@anthropic:none"; do
	chat "$message"
	ends_with 65 "damaged profiles: $message"
	says auth-profiles.json "damaged profiles"
done
unchanged "$before" "damaged profiles"
cp "$work/profiles" "$profiles"
rm "$sessions"
sed -i "s/:$port/:9/g" "$config"
chat hello
ends_with 69 unreachable
says "Could not reach" unreachable
cp "$work/config.json" "$config"
run_tfb chat --session agent:other:main --agent main hello
ends_with 64 "a session of another agent"
run_tfb chat --list hello
ends_with 64 "--list with a message"
run_tfb chat --message ""
ends_with 64 "an empty message"
"$tfb" chat >"$work/out" 2>"$work/err" </dev/null && fail "no message" || status=$?
ends_with 64 "no message"

for secret in "$default" "$token" "$openai" "$rejected"; do
	no_secret "$secret"
	says_not "$secret" "a secret"
	! grep -qF -- "${secret:20:30}" "$work/provider.log" || fail "the double logged a key"
done
