#!/usr/bin/env bash
# models auth login: the four kinds of servers, with real key presses. What goes wrong writes
# nothing; what a server gave stands in auth-profiles.json (0600) or the vault, and nowhere else.
# "few": one of each kind; "all": the rest, which waits for clocks.
# shellcheck disable=SC2016,SC2015 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# --- the servers ---------------------------------------------------------------------------

: >"$work/mode"
: >"$work/oauth.out"
tail -f /dev/null --pid=$$ 2>/dev/null |
	python3 "$source_dir/tests/provider/oauth.py" --mode "$work/mode" --log "$work/oauth.log" \
		>"$work/oauth.out" 2>"$work/oauth.err" &
provider_pid=$!
poll 'grep -q "^PORT=" "$work/oauth.out"' || fail "the servers did not start"
servers=http://127.0.0.1:$(sed -n 's/^PORT=//p' "$work/oauth.out")
free_port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

mode() {
	echo "$*" >"$work/mode"
}

# What the programs are started with: the servers of the tests, and Chutes' client and port.
environment=(THINKFLEETBOT_TEST_OAUTH="$servers" CHUTES_CLIENT_ID=cid_test
	CHUTES_OAUTH_REDIRECT_URI="http://127.0.0.1:$free_port/cb")
preset=("${environment[@]}")

# --- what the tests share ------------------------------------------------------------------

log_in() {
	open_screen 140 40 xterm-256color "$tfb" models auth "$@"
}

# The address that is shown, as one line.
page() {
	see "Waiting "
	tmux -L "$tmux_socket" capture-pane -p -J | grep -o 'http://127[^ ]*authorize?[^ ]*' | head -1
}

# Where the browser ends that opens an address, without going there.
redirected() {
	curl -s -o "$work/curl" -w '%{redirect_url}' "$1"
}

nothing_written() {
	[ ! -e "$profiles" ] && [ ! -e "$config" ] && [ ! -e "$vault" ] || fail "$1: something was written"
	canaries ""
}

# canaries FILE...: only these files below the home hold anything of a token
canaries() {
	local found wanted
	# shellcheck disable=SC2086
	wanted=$(printf '%s\n' "$@" | grep . | sort || true)
	found=$(grep -rl CANARY "$HOME" "$work/screen.err" 2>/dev/null | sort || true)
	[ "$found" = "$wanted" ] || fail "tokens are in: $found"
	if tmux -L "$tmux_socket" capture-pane -p -S - | grep -q CANARY; then fail "a token is on the screen"; fi
}

# ends_badly STATUS TEXT NAME
ends_badly() {
	ended "$1"
	grep -qF -- "$2" "$work/screen.err" || fail "$3: $(cat "$work/screen.err")"
	nothing_written "$3"
}

asked() {
	grep -c "$1" "$work/oauth.log" || true
}

# --- without a terminal --------------------------------------------------------------------

status=0
env "${environment[@]}" "$tfb" models auth login --provider openai-codex </dev/null \
	>"$work/out" 2>"$work/err" || status=$?
ends_with 77 "without a terminal"
says "models auth login requires an interactive TTY." "the family's words"
says "ssh -t" "what can be done instead"

# --- a page, and the browser comes back ----------------------------------------------------

log_in login --provider chutes
see "stays in plain text" "Go on? [y/N]"
keys n Enter
ends_badly 77 "was not begun" "no to plain text"

log_in login --provider chutes
see "Go on?"
keys y Enter
address=$(page)
curl -s "http://127.0.0.1:$free_port/favicon.ico" -o /dev/null -w '%{http_code}' | grep -q 404 ||
	fail "another path is not answered with 404"
answer=$(redirected "$address")
curl -s "${answer/state=/state=0}" | grep -q "State mismatch" || fail "a wrong state is not told"
curl -s "$answer" | grep -q "Go back to the terminal" || fail "the browser is told nothing"
ended 0
see "Auth profile: chutes:someone (chutes/oauth)" "Selected by the gateway: yes"
json_true 'd["profiles"]["chutes:someone"]["clientId"] == "cid_test" and d["profiles"]["chutes:someone"]["accountId"] == "sub-1"' "$profiles"
json_true 'd["auth"]["profiles"]["chutes:someone"] == {"provider": "chutes", "mode": "oauth", "email": "someone"}' "$config"
[ "$(stat -c %a "$profiles")" = 600 ] || fail "the profile is readable by others"
canaries "$profiles"
run_tfb models status
says "chutes:someone" "models status"

# Renewing: the refresh token is another one afterwards, and the one before is of no use.
refresh_token() {
	sed -n 's/.*"refresh": "\([^"]*\)".*/\1/p' "$profiles"
}
refresh() {
	status=0
	env "${environment[@]}" "$tfb" models auth refresh "$@" >"$work/out" 2>"$work/err" || status=$?
}
before=$(refresh_token)
refresh
ends_with 0 "refresh"
says "Renewed; expires in" "refresh"
says_not CANARY "refresh"
[ "$(refresh_token)" != "$before" ] || fail "refresh kept the old token"
[ ! -e "$profiles.lock" ] || fail "refresh left a lock"
before=$(refresh_token)
mode error
refresh chutes:someone
ends_with 69 "refresh, HTTP 500"
mode "overtake=$profiles"
refresh chutes:someone
ends_with 0 "refresh, overtaken"
says "A gateway renewed it meanwhile" "refresh, overtaken"
[ "$(refresh_token)" = rt-of-a-gateway ] || fail "a gateway's login was replaced"
mode
refresh
ends_with 1 "refresh of a spent token"
says "invalid_grant" "refresh of a spent token"
says "models auth login --provider chutes" "refresh of a spent token"
refresh nobody
ends_with 66 "refresh of nothing"
run_tfb secrets audit
says "login that the gateway renews" "secrets audit"
fresh_home

# --- the address is pasted -----------------------------------------------------------------

# The listener's port is taken by the servers of the tests: pasting is the way that is left.
preset=("${environment[@]}" CHUTES_OAUTH_REDIRECT_URI="$servers/cb")
log_in login --provider chutes --yes
see "taken by another program"
answer=$(redirected "$(page)")
paste "${answer/state=/state=0}"
keys Enter
see "belongs to another sign-in attempt"
paste "nothing of use?"
keys Enter
see "there is no code in what was pasted"
paste "${answer:0:40}
  ${answer:40}"
keys Enter
ended 0
see "Auth profile: chutes:someone"
canaries "$profiles"
preset=("${environment[@]}")
fresh_home

# --- a device's code -----------------------------------------------------------------------

mode
log_in login-github-copilot
ended 0
see "Auth profile: github-copilot:github (github-copilot/token)" "Sealed in"
json_true 'd["profiles"]["github-copilot:github"]["token"] == ""' "$profiles"
canaries
resolve main/github-copilot:github/token
grep -q gho_CANARY "$work/answer" || fail "the resolver does not deliver the token"
fresh_home

# --- what goes wrong writes nothing ----------------------------------------------------------

mode deny
log_in login --provider chutes --yes
curl -sL -o /dev/null "$(page)"
ends_badly 77 "was refused in the browser (access_denied)" "refused in the browser"
mode

# A code was sent with its verifier and to no other place.
[ "$(asked 'POST /api.chutes.ai/idp/token grant_type,client_id,code,code_verifier,redirect_uri')" -gt 0 ] ||
	fail "the code was not sent as it should be"

[ "${3:-all}" = all ] || exit 0

# --- all: who cannot be asked -----------------------------------------------------------------

log_in login --provider openrouter
ends_badly 64 "no sign-in to" "a provider without a sign-in"
log_in login --provider google-gemini-cli
ends_badly 64 "client secret" "Google's"
preset=(THINKFLEETBOT_TEST_OAUTH=http://192.0.2.1)
log_in login --provider openai-codex --yes
ends_badly 77 "no address of this machine" "a test server elsewhere"
preset=("${environment[@]}")

# --- all: what is there already --------------------------------------------------------------

# An existing login keeps what this program does not know; failures are forgiven.
(umask 077 && mkdir -p "$(dirname "$profiles")")
cat >"$profiles" <<'EOF'
{ "version": 1, "profiles": { "openai-codex:default": { "type": "oauth", "provider": "openai-codex",
  "access": "old", "refresh": "old", "expires": 1, "idToken": "mine" },
  "openai-codex:other": { "type": "oauth", "provider": "openai-codex", "access": "a", "refresh": "b", "expires": 1 } },
  "order": { "openai-codex": ["openai-codex:other", "openai-codex:default"] },
  "usageStats": { "openai-codex:default": { "errorCount": 3, "cooldownUntil": 9999999999999 } } }
EOF
chmod 600 "$profiles"
log_in login --provider openai-codex --yes --set-default
see "already exists: openai-codex:default"
answer=$(redirected "$(page)")
code=${answer#*code=}
code=${code%%&*}
state_word=${answer#*state=}
paste "$code#${state_word%%&*}"
keys Enter
ended 0
see "Default model set to openai-codex/gpt-5.2" "Selected by the gateway: no, behind openai-codex:other" \
	"models auth order set --provider openai-codex openai-codex:default openai-codex:other"
json_true 'd["profiles"]["openai-codex:default"]["idToken"] == "mine" and d["profiles"]["openai-codex:default"]["accountId"] == "acct_test" and d["usageStats"]["openai-codex:default"] == {"errorCount": 0}' "$profiles"
json_true 'd["agents"]["defaults"]["model"]["primary"] == "openai-codex/gpt-5.2"' "$config"
fresh_home

# --- all: the other devices ------------------------------------------------------------------

mode slow
log_in login --provider qwen --method device --yes
see "https://example.org/device" "Enter this code:  WDJB-"
ended 0
see "Auth profile: qwen-portal:default (qwen-portal/oauth)"
json_true 'd["models"]["providers"]["qwen-portal"]["baseUrl"] == "https://portal.qwen.ai/v1"' "$config"
canaries "$profiles"
fresh_home

mode
log_in login --provider minimax --yes
ended 0
see "Auth profile: minimax-portal:default (minimax-portal/oauth)"
fresh_home

# --- all: what goes wrong --------------------------------------------------------------------

mode deny
log_in login-github-copilot
ends_badly 77 "was refused in the browser" "a device that is refused"
mode expired
log_in login --provider qwen --yes
ends_badly 1 "expired" "an expired code"
mode short wait
log_in login --provider minimax --yes
ends_badly 1 "expired" "a code that runs out here"
mode wrongstate
log_in login --provider minimax --yes
ends_badly 77 "another sign-in attempt" "a code of another attempt"
mode noaccount
log_in login --provider openai-codex --yes
paste "$(redirected "$(page)")"
keys Enter
ends_badly 65 "names no account" "a token without an account"
for word in error:69 html:1 redirect:69; do
	mode "${word%:*}"
	log_in login --provider chutes --yes
	curl -sL -o /dev/null "$(page)"
	ended "${word#*:}"
	nothing_written "$word"
done
mode
preset=(THINKFLEETBOT_TEST_OAUTH=http://127.0.0.1:1)
log_in login --provider qwen --yes
ends_badly 69 "127.0.0.1" "nobody answers"
preset=("${environment[@]}")

# A server that is gone for a while does not end the wait; Esc does, and Ctrl-C.
mode error
log_in login --provider qwen --yes
see "still trying"
keys Escape
ends_badly 77 "was cancelled; nothing was changed" "Esc"
mode wait
log_in login --provider qwen --yes
see "Waiting"
keys C-c
ended 130
nothing_written "Ctrl-C"
mode
log_in login --provider chutes --yes
see "Waiting"
keys C-c
ended 130
nothing_written "Ctrl-C in a browser's flow"

# Lines only: the time is not written over and over.
log_in login --provider chutes --yes --plain
see "Waiting - paste the address here"
keys Escape
ended 77
[ "$(asked elsewhere)" = 0 ] || fail "a redirect was followed"
