#!/usr/bin/env bash
# The authentication page (reference/authentication-page.txt): every command line it tells a person to type and
# every promise it makes is a row here. page.sh --list prints the rows; "open" are those that need what is not
# built yet, and each of them fails the day it is.
# shellcheck disable=SC2015,SC2016,SC2119,SC2174,SC2317,SC2329 source=tests/e2e/lib.sh

rows=()
row() { # FUNCTION SENTENCE
	rows+=("$1|$2")
}
open_row() { # COMMAND SENTENCE: the command does not exist
	rows+=("open|$2|$1")
}

list_rows() {
	local r
	for r in "${rows[@]}"; do
		case $r in
		open*) r=${r#open|} && echo "open  ${r%|*}" ;;
		*) echo "pass  ${r#*|}" ;;
		esac
	done
}

# --- the rows, in the page's order ------------------------------------------------------------------------------

row providers_say_how "ThinkFleet supports OAuth and API keys for model providers: help providers says which"
row login "... OAuth: models auth login --provider openai-codex signs in from here, and says what it keeps in plain text"
row console_named "Create an API key in the Anthropic Console: the page for the key names it"
row exported_key 'export ANTHROPIC_API_KEY="..."; thinkfleetbot models status'
row dotenv_key 'cat >> ~/.thinkfleetbot/.env: the daemon reads it (env -i), models status and doctor see it'
row doctor_runs "thinkfleetbot doctor, after the restart: a clean host is clean, a key in plain text is named"
row wizard_stores "thinkfleetbot onboard stores API keys for daemon use"
row shell_env "env.shellEnv imports keys from the login shell"
row precedence "env inheritance: the process before .env before the config's env block"
row setup_token "thinkfleetbot models auth setup-token --provider anthropic: paste it; anthropic:manual is stored"
row setup_token_only_anthropic "... only for anthropic, and it says so first"
row paste_on_screen "thinkfleetbot models auth paste-token --provider anthropic, made on another machine"
row paste_from_pipe "... the same from a pipe; the token is not repeated"
row claude_code_only "This credential is only authorized for use with Claude Code: use an Anthropic API key instead"
row any_provider "models auth paste-token --provider openrouter: writes auth-profiles.json and updates the config"
row expires_in "... --profile-id and --expires-in 365d, 12h, 30m; a wrong duration is refused before the paste"
row check_codes "thinkfleetbot models status --check: exit 1 when expired or missing, 2 when expiring"
row ops_scripts "Optional ops scripts (systemd, Termux): contrib/auth-monitor tells the same"
row monitor_questions "... and scripts in the manner of claude-auth-status get the same answers from the JSON by jq"
row needs_terminal "claude setup-token requires an interactive TTY"
row model_status_forms "thinkfleetbot models status: text, --json, --plain, and thinkfleetbot models alone"
row pin_per_session "Use /model <alias-or-id>@<profileId> to pin a specific credential for the current session"
row pin_is_used "... the session uses it, and no other: example profile ids anthropic:default, anthropic:work"
row model_picker "Use /model (or /model list) for a compact picker"
row model_full_view "/model status: candidates, next auth profile, provider endpoint details when configured"
row order_get "thinkfleetbot models auth order get --provider anthropic"
row order_set "thinkfleetbot models auth order set --provider anthropic anthropic:default"
row order_clear "thinkfleetbot models auth order clear --provider anthropic"
row order_stored "the order is stored in that agent's auth-profiles.json"
row order_agent "Use --agent <id> to target an agent; omit it for the configured default agent"
row no_credentials "No credentials found: models status names what is missing and how to get it"
row which_expires "Token expiring or expired: models status confirms which profile"
row rerun "... rerun claude setup-token and paste again: the same profile is good again"
row claude_missing "Claude Code CLI installed: setup-token says so when it is missing"
row plan_needed "Claude Max or Pro subscription: help says it is needed"
row add_helper "models auth add: asks for the provider; without a terminal it says which flags to use"
row family_words "commands of the family that are not here (logout, configure, scan) say what is"
row keys_refused "a key on the command line (--anthropic-api-key, --token) is refused with the way that works"

if [ "${1:-}" = --list ]; then
	list_rows
	exit 0
fi
source "$(dirname "$0")/lib.sh"
umask 077
start_provider

# --- what the rows share ------------------------------------------------------------------------------------------

# store [--agent ID] PROFILES [MORE]: an auth-profiles.json
store() {
	local agent=main
	[ "$1" != --agent ] || { agent=$2 && shift 2; }
	mkdir -p "$state/agents/$agent/agent"
	printf '{"version":1,"profiles":{%s}%s}\n' "$1" "${2:-}" >"$state/agents/$agent/agent/auth-profiles.json"
}
configure() { mkdir -p "$state" && printf '%s\n' "$1" >"$config"; }
key_entry='{"type":"api_key","provider":"anthropic","key":"sk-ant-api03-EXAMPLE-not-a-real-key-0001"}'
token_entry() { # [MILLISECONDS FROM NOW]
	printf '{"type":"token","provider":"anthropic","token":"sk-ant-oat01-EXAMPLE-not-a-real-key-0002"%s}' \
		"${1:+,\"expires\":$(($(date +%s) * 1000 + $1))}"
}
hour=3600000

# prints TEXT ARGUMENT...: exactly that
prints() {
	local text=$1
	shift
	run_tfb "$@"
	ends_with 0 "$*"
	[ "$(cat "$work/out")" = "$text" ] || { diff <(echo "$text") "$work/out" >&2 || true; fail "$*"; }
}
line() { grep -qE -- "$1" "$work/out" || { show_output && fail "no line: $1"; }; }
leave() { keys C-c && see "Leave setup?" && keys y && ended 130; }
hint() { grep -q '^thinkfleetbot: hint: ' "$work/err" || { show_output && fail "$1: no hint"; }; }
as_daemon() { env -i HOME="$HOME" "$tfb" "$@" >"$work/out" 2>"$work/err"; }

# --- what each of them is --------------------------------------------------------------------------------------------

providers_say_how() {
	run_tfb help providers
	line ' anthropic +setup-token, API key'
	line ' openai +API key'
	line ' openai-codex '
}
login() {
	run_tfb models auth login --provider openai-codex
	ends_with 77 "without a terminal"
	says "models auth login requires an interactive TTY." "the family's words"
	open_screen 120 30 xterm-256color "$tfb" models auth login --provider openai-codex
	see "stays in plain text" "Go on? [y/N]"
	keys y Enter
	see "https://auth.openai.com/oauth/authorize?response_type=code" "paste the address here (hidden)"
	keys Escape
	ended 77
	[ ! -e "$profiles" ] || fail "something was written"
}
console_named() {
	use_provider anthropic
	open_screen 100 30 xterm-256color "$tfb" models auth add --provider anthropic
	see "API key"
	keys 2
	see "Paste your" "console.anthropic.com"
	leave
}
exported_key() {
	ANTHROPIC_API_KEY=sk-ant-api03-EXAMPLE-not-a-real-key-0001 run_tfb models status
	line '^- anthropic effective=env:[^ ]+ \| env=[^ ]+ \| source=env: ANTHROPIC_API_KEY$'
	says_not not-a-real "the masked key"
}
dotenv_key() {
	mkdir -p "$state"
	printf 'ANTHROPIC_API_KEY=%s\n' sk-ant-api03-EXAMPLE-not-a-real-key-0001 >>"$state/.env"
	as_daemon models status --check || fail "a key in .env is not seen without an environment"
	line 'source=env: ANTHROPIC_API_KEY$'
	run_tfb doctor
	says_not not-a-real doctor
}
doctor_runs() {
	use_provider anthropic
	onboard_key anthropic "$(make_key)"
	ends_with 0 onboard
	run_tfb doctor
	ends_with 0 "a clean host"
	printf 'OPENAI_API_KEY=%s\n' "$(make_openai_key)" >>"$state/.env"
	run_tfb doctor
	ends_with 1 "a key in plain text"
	says OPENAI_API_KEY "a key in plain text"
}
wizard_stores() {
	local key
	key=$(make_key)
	use_provider anthropic
	open_screen 80 24 xterm-256color "$tfb" onboard
	see "${step_marks[start]}"
	keys Enter
	see "${step_marks[provider]}"
	keys Enter
	see "${step_marks[method]}"
	keys 2
	walk "$key" apply secret
	keys Escape
	ended 0
	no_secret "$key"
	as_daemon models status --check || fail "the daemon does not see the key"
	resolve main/anthropic:default/key
	json_true "d['values']['main/anthropic:default/key'] == '$key'" "$work/answer" "what the daemon gets"
}
shell_env() {
	configure '{ env: { shellEnv: { enabled: true } } }'
	printf 'export ANTHROPIC_API_KEY=sk-ant-api03-EXAMPLE-not-a-real-key-0003\n' >"$HOME/.profile"
	SHELL=/bin/sh run_tfb models status
	line '^Shell env +: on \(applied: ANTHROPIC_API_KEY\)$'
	line 'source=shell env: ANTHROPIC_API_KEY$'
}
precedence() {
	configure '{ env: { vars: { GROQ_API_KEY: "gsk_EXAMPLE00000000000000config" } } }'
	run_tfb models status --json
	json_true 'd["auth"]["providers"][0]["env"]["value"].endswith("...nfig")' "$work/out" "the config"
	printf 'GROQ_API_KEY=gsk_EXAMPLE00000000000000dotenv\n' >"$state/.env"
	run_tfb models status --json
	json_true 'd["auth"]["providers"][0]["env"]["value"].endswith("...tenv")' "$work/out" ".env"
	GROQ_API_KEY=gsk_EXAMPLE0000000000000process run_tfb models status --json
	json_true 'd["auth"]["providers"][0]["env"]["value"].endswith("...cess")' "$work/out" "the process"
}
# paste_screen TOKEN ARGUMENT...: the paste page until it is written
paste_screen() {
	local token=$1 step_names=(check review apply)
	shift
	preset=("PATH=/usr/bin:/bin")
	open_screen 80 24 xterm-256color "$tfb" "$@"
	see "nothing pasted yet"
	paste "$token"
	see "108 characters"
	keys Enter
	walk "" apply check
	preset=()
	keys Escape
	ended 0
	no_secret "$token"
}
setup_token() {
	use_provider anthropic
	paste_screen "$(make_token)" models auth setup-token --provider anthropic
	json_true 'd["profiles"]["anthropic:manual"]["type"] == "token"' "$profiles" "the store"
	run_tfb models status --check
	ends_with 0 "the token"
}
setup_token_only_anthropic() {
	run_tfb models auth setup-token --provider openai
	ends_with 64 openai
	says "Only --provider anthropic is supported for setup-token." openai
	says "models auth paste-token --provider openai" openai
}
paste_on_screen() {
	use_provider anthropic
	paste_screen "$(make_token)" models auth paste-token --provider anthropic
	json_true 'list(d["profiles"]) == ["anthropic:manual"]' "$profiles" "the store"
}
paste_from_pipe() {
	local token
	token=$(make_token)
	use_provider anthropic
	run_tfb models auth paste-token --provider anthropic <<<"$token"
	ends_with 0 "from a pipe"
	says "Updated ~/.thinkfleetbot/thinkfleetbot.json" "from a pipe"
	says "Auth profile: anthropic:manual (anthropic/token)" "from a pipe"
	says_not "${token:14:20}" "from a pipe"
	no_secret "$token"
}
claude_code_only() {
	use_provider anthropic /claude-code
	run_tfb models auth paste-token --provider anthropic <<<"$(make_token)"
	ends_with 1 "for Claude Code only"
	says "Use an Anthropic API key instead" "for Claude Code only"
	[ ! -e "$profiles" ] || fail "it was stored"
}
any_provider() {
	use_provider openrouter
	run_tfb models auth paste-token --provider openrouter <<<"sk-or-v1-$(random_text 64)"
	ends_with 0 openrouter
	json_true '"openrouter:manual" in d["profiles"]' "$profiles" "auth-profiles.json"
	grep -q 'openrouter:manual' "$config" || fail "the configuration does not name the profile"
	run_tfb models auth paste-token --provider my-own-proxy --no-verify <<<"$(random_text 40)"
	ends_with 64 "a provider that is not known"
	hint "a provider that is not known"
}
expires_in() {
	local given left
	for given in 365d:31536000000 12h:43200000 30m:1800000 7:604800000; do
		run_tfb models auth paste-token --provider anthropic --profile-id anthropic:work --no-verify \
			--expires-in "${given%:*}" <<<"$(make_token)"
		ends_with 0 "$given"
		run_tfb models status --json
		left=$(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["auth"]["oauth"]["profiles"][0]["remainingMs"])' "$work/out")
		[ "$left" -le "${given#*:}" ] && [ "$left" -gt $((${given#*:} - 60000)) ] || fail "$given left $left"
	done
	run_tfb models auth paste-token --provider anthropic --expires-in 1d12h </dev/null
	ends_with 64 "a wrong duration"
	says "invalid duration: 1d12h" "a wrong duration"
	hint "a wrong duration"
}
check_codes() {
	local entry wanted
	configure '{ agents: { defaults: { model: { primary: "anthropic/claude-opus-4-5" } } } }'
	for entry in "0 $(token_entry)" "0 $(token_entry $((48 * hour)))" "2 $(token_entry $hour)" \
		"1 $(token_entry -$hour)" "0 $key_entry"; do
		wanted=${entry%% *}
		store "\"anthropic:default\":${entry#* }"
		run_tfb models status --check
		ends_with "$wanted" "--check of $entry"
	done
	rm "$profiles"
	run_tfb models status --check
	ends_with 1 "--check of nothing"
}
ops_scripts() {
	local rc=0
	store "\"anthropic:manual\":$(token_entry -$hour)"
	THINKFLEETBOT=$tfb NOTIFY_COMMAND='cat >"$HOME/told"' \
		"$source_dir/contrib/auth-monitor/auth-monitor" >"$work/out" || rc=$?
	[ $rc = 1 ] && grep -q 'anthropic:manual expired' "$HOME/told" || fail "auth-monitor: $rc"
	[ -f "$source_dir/contrib/auth-monitor/thinkfleetbot-auth-monitor.timer" ] || fail "no timer"
	[ -x "$source_dir/contrib/auth-monitor/termux/thinkfleetbot-status.sh" ] || fail "no widget"
}
monitor_questions() { # gateway-family.md 15: their paths and types, asked in our words
	local later=$((5 * hour + 1200000)) found
	command -v jq >/dev/null || return 0
	store "\"anthropic:default\":$key_entry,\"anthropic:manual\":$(token_entry $later),\"anthropic:me\":{\"type\":\"oauth\",\"provider\":\"anthropic\",\"access\":\"a\",\"refresh\":\"r\",\"expires\":$(($(date +%s) * 1000 + 2 * hour))}"
	run_tfb models status --json
	asks() { # WANTED EXPRESSION
		found=$(jq -r "$2" "$work/out") && [ "$found" = "$1" ] || fail "jq '$2' says $found, not $1"
	}
	asks true '[.auth.oauth.profiles[] | select(.provider == "anthropic" and .type != "api_key").expiresAt // 0] | max
		| . > now * 1000 + 19000000 and . < now * 1000 + 19300000'
	asks true '[.auth.oauth.profiles[] | select(.provider == "anthropic" and .type == "oauth").expiresAt // 0] | max // 0
		| . > now * 1000 + 7000000 and . < now * 1000 + 7300000'
	asks anthropic:me '[.auth.oauth.profiles[] | select(.type == "oauth")] | max_by(.expiresAt // 0).profileId // "none"'
	asks 1 '[.auth.providers[] | select(.provider == "anthropic").profiles.apiKey] | max // 0'
	rm "$profiles"
	run_tfb models status --json
	asks 0 '[.auth.oauth.profiles[] | select(.provider == "anthropic").expiresAt // 0] | max // 0'
	asks 0 '[.auth.providers[] | select(.provider == "anthropic").profiles.apiKey] | max // 0'
	asks anthropic '.auth.missingProvidersInUse | join(" ")'
}
needs_terminal() {
	run_tfb models auth setup-token </dev/null
	[ "$status" != 0 ] || fail "setup-token did something without a terminal"
	hint "no terminal"
	# A terminal to read from, none to show something on.
	open_screen 80 24 xterm-256color sh -c "'$tfb' models auth setup-token >/dev/null 2>'$work/said'"
	poll '[ -e "$work/status" ]' || fail "it waits"
	grep -qF "setup-token requires an interactive TTY." "$work/said" || fail "$(cat "$work/said")"
}
model_status_forms() {
	configure '{ agents: { defaults: { model: { primary: "anthropic/claude-opus-4-5" } } } }'
	store "\"anthropic:default\":$key_entry"
	run_tfb models status
	cp "$work/out" "$work/text"
	line '^Default +: anthropic/claude-opus-4-5$'
	line '^OAuth/token status$'
	run_tfb models
	cmp "$work/text" "$work/out" || fail "models is not models status"
	prints anthropic/claude-opus-4-5 models status --plain
	run_tfb models status --json
	json_true 'd["resolvedDefault"] == "anthropic/claude-opus-4-5"' "$work/out" --json
}
two_profiles() {
	store "\"anthropic:default\":$key_entry,\"anthropic:work\":$(token_entry)"
}
pin_per_session() {
	configure '{ agents: { defaults: { models: { "anthropic/claude-sonnet-4-5": { alias: "quick" } } } } }'
	two_profiles
	prints "Model set to quick (anthropic/claude-sonnet-4-5). Auth profile set to anthropic:work." \
		chat /model quick@anthropic:work
	json_true 'd["agent:main:main"]["authProfileOverride"] == "anthropic:work" and
		d["agent:main:main"]["authProfileOverrideSource"] == "user" and
		d["agent:main:main"]["modelOverride"] == "claude-sonnet-4-5"' \
		"$state/agents/main/sessions/sessions.json" pinned
	prints "Model set to quick (anthropic/claude-sonnet-4-5). Auth profile set to anthropic:default." \
		chat "/model anthropic/claude-sonnet-4-5@anthropic:default"
}
pin_is_used() {
	use_provider anthropic
	two_profiles
	run_tfb chat /model opus@anthropic:default
	run_tfb chat hello
	ends_with 0 "the pinned one"
	grep -q " x-api-key claude-opus-4-5 " "$work/out" || fail "not the key: $(cat "$work/out")"
	run_tfb chat /model opus@anthropic:work
	run_tfb chat hello
	grep -q " authorization claude-opus-4-5 " "$work/out" || fail "not the token: $(cat "$work/out")"
}
model_picker() {
	two_profiles
	prints "Current: anthropic/claude-opus-4-5

Switch: /model <provider/model>
Browse: /models (providers) or /models <provider> (models)
More: /model status" chat /model
	run_tfb chat /model list
	ends_with 0 "/model list"
	line '^- anthropic \([0-9]+\)$'
	line '^Switch: /model <provider/model>$'
}
model_full_view() {
	configure '{ models: { providers: { anthropic: { baseUrl: "https://proxy.example/x", api: "anthropic-messages" } } } }'
	two_profiles
	run_tfb chat /model status
	ends_with 0 "/model status"
	line '^Current: anthropic/claude-opus-4-5$'
	line '^\[anthropic\] endpoint: https://proxy.example/x api: anthropic-messages auth: anthropic:work=token:.* \(next\), anthropic:default=.* \(auth-profiles.json: ~/.thinkfleetbot/agents/main/agent/auth-profiles.json\)$'
}
order_get() {
	two_profiles
	prints "Agent: main
Provider: anthropic
Auth file: ~/.thinkfleetbot/agents/main/agent/auth-profiles.json
Order override: (none)" models auth order get --provider anthropic
}
order_set() {
	two_profiles
	prints "Agent: main
Provider: anthropic
Order override: anthropic:default" models auth order set --provider anthropic anthropic:default
	run_tfb models auth explain anthropic
	says "A gateway uses anthropic:default for anthropic" "the order has an effect"
}
order_clear() {
	two_profiles
	run_tfb models auth order set --provider anthropic anthropic:default
	prints "Agent: main
Provider: anthropic
Cleared per-agent order override." models auth order clear --provider anthropic
	json_true '"order" not in d and len(d["profiles"]) == 2' "$profiles" cleared
}
order_stored() {
	two_profiles
	run_tfb models auth order set --provider anthropic anthropic:work anthropic:default
	json_true 'd["order"] == {"anthropic": ["anthropic:work", "anthropic:default"]}' "$profiles" stored
}
order_agent() {
	local other=$state/agents/helper/agent/auth-profiles.json
	configure '{ agents: { list: [ { id: "main" }, { id: "helper", default: true } ] } }'
	two_profiles
	store --agent helper "\"anthropic:default\":$key_entry,\"anthropic:work\":$(token_entry)"
	run_tfb models auth order set --provider anthropic anthropic:work
	ends_with 0 "the default agent"
	says "Agent: helper" "the default agent"
	json_true 'd["order"] == {"anthropic": ["anthropic:work"]}' "$other" "the default agent"
	json_true '"order" not in d' "$profiles" "the other agent"
	run_tfb models auth order set --provider anthropic --agent main anthropic:default
	json_true 'd["order"] == {"anthropic": ["anthropic:default"]}' "$profiles" --agent
}
no_credentials() {
	run_tfb models status --check
	ends_with 1 "no credentials"
	line '^Missing auth$'
	line '^- anthropic Run `claude setup-token`, then `thinkfleetbot models auth setup-token` or '
	run_tfb models auth explain anthropic
	ends_with 1 "no credentials"
}
which_expires() {
	store "\"anthropic:default\":$(token_entry $((5 * hour + 1200000))),\"anthropic:work\":$(token_entry -$hour)"
	run_tfb models status
	line '^  - anthropic:default expiring expires in 5h$'
	line '^  - anthropic:work expired expires in 0m$'
}
rerun() {
	use_provider anthropic
	store "\"anthropic:manual\":$(token_entry -$hour)"
	run_tfb models status --check
	ends_with 1 expired
	paste_screen "$(make_token)" models auth setup-token --provider anthropic
	run_tfb models status --check
	ends_with 0 "pasted again"
	json_true 'list(d["profiles"]) == ["anthropic:manual"]' "$profiles" "one profile"
}
claude_missing() {
	preset=("PATH=/usr/bin:/bin")
	open_screen 100 24 xterm-256color "$tfb" models auth setup-token
	see "nothing pasted yet"
	preset=()
	leave
	grep -q 'claude is not installed here (npm install -g @anthropic-ai/claude-code)' "$work/screen.err" ||
		fail "not said that claude is missing: $(cat "$work/screen.err")"
}
plan_needed() {
	run_tfb help models auth setup-token
	says "Claude Pro or Max" help
}
add_helper() {
	local key
	key=$(make_openai_key)
	use_provider openai
	run_tfb models auth add </dev/null
	ends_with 77 "without a terminal"
	says "models auth add --provider NAME --key-stdin" "without a terminal"
	run_tfb models auth add --provider openai --key-stdin --profile-id openai:script <<<"$key"
	ends_with 0 "from a script"
	open_screen 80 24 xterm-256color "$tfb" models auth add
	see "${step_marks[provider]}"
	type_text openai
	keys Enter
	walk "$key" apply secret
	keys Escape
	ended 0
	json_true 'list(d["profiles"]) == ["openai:script", "openai:default"]' "$profiles" "the profiles"
}
family_words() {
	local words
	for words in "models auth logout x" configure "models scan" \
		"security audit" "models auth paste-api-key --provider x"; do
		# shellcheck disable=SC2086
		run_tfb $words
		ends_with 64 "$words"
		says "there is no command" "$words"
		hint "$words"
		says_not "help lists the commands" "$words"
	done
}
keys_refused() {
	local option
	for option in --anthropic-api-key --token --openai-api-key --gateway-token; do
		run_tfb onboard --non-interactive "$option" "$(make_key)"
		ends_with 64 "$option"
		says "would show the secret" "$option"
		says "--key-stdin" "$option"
	done
	[ ! -e "$state" ] || fail "something was written"
}

# --- running them ------------------------------------------------------------------------------------------------------

for r in "${rows[@]}"; do
	IFS='|' read -r what sentence command <<<"$r"
	fresh_home
	case $what in
	open)
		# shellcheck disable=SC2086
		run_tfb $command
		[ "$status" = 64 ] || fail "$command exists now: give \"$sentence\" a test"
		echo "open  $sentence"
		;;
	*)
		"$what"
		echo "pass  $sentence"
		;;
	esac
done
