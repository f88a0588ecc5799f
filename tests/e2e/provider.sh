#!/usr/bin/env bash
# What a provider may answer, without a screen: the exit status, the words, whether the key was saved, and
# that it went to no other address and into no message.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider

# An invented key of the provider's shape.
key_for() {
	case $1 in
	anthropic) make_key ;;
	google) printf 'AIza%s' "$(random_text 35)" ;;
	xai) printf 'xai-%s' "$(random_text 80)" ;;
	zai) printf '%s.%s' "$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')" "$(random_text 16)" ;;
	openrouter) printf 'sk-or-v1-%s' "$(head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n')" ;;
	deepseek) printf 'sk-%s' "$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')" ;;
	*) make_openai_key ;;
	esac
}

# verdict_of: what is noted about the only credential
verdict_of() {
	[ ! -e "$state/secrets/checks.json" ] ||
		tr -d '" ,' <"$state/secrets/checks.json" |
		sed -n 's/^verdict://p; s/^reason://p' | xargs
}

# Slow ones answer while the others run: each with a state folder of its own.
slow=()
slow_check() {
	local dir=$work/slow-$1
	mkdir -m 700 "$dir"
	printf '{"models":{"providers":{"anthropic":{"baseUrl":"http://127.0.0.1:%s/%s"}}}}\n' "$port" "$1" \
		>"$dir/thinkfleetbot.json"
	chmod 600 "$dir/thinkfleetbot.json"
	(
		rc=0
		make_key | THINKFLEETBOT_KEY_DIR=$dir.keys timeout 30 "$tfb" onboard --state-dir "$dir" \
			--non-interactive --provider anthropic --key-stdin >"$dir.out" 2>"$dir.err" || rc=$?
		echo "$rc $SECONDS" >"$dir.status"
	) &
	slow+=($!)
}
slow_from=$SECONDS
slow_check stall
slow_check drip

# answer PROVIDER BEHAVIOUR STATUS VERDICT TEXT: VERDICT "-" when nothing may be saved
answer() {
	local provider=$1 name="$1 $2" key before
	key=$(key_for "$1")
	fresh_home
	use_provider "$provider" "/$2"
	before=$(home_state)
	onboard_key "$provider" "$key"
	ends_with "$3" "$name"
	says "$5" "$name"
	says_not "${key:14:16}" "$name"
	if [ "$4" = - ]; then
		unchanged "$before" "$name"
		says "nothing was saved" "$name"
		return
	fi
	[ -e "$vault" ] || fail "$name: nothing was saved"
	no_secret "$key"
	[ "$(verdict_of)" = "$4" ] || fail "$name: noted as \"$(verdict_of)\", wanted \"$4\""
	case $4 in
	unknown*)
		says "saved as unverified" "$name"
		says "Not verified yet" "$name"
		[ "$2" = server ] || return 0
		run_tfb models status --json
		json_true "[p['facts']['accepted']['verdict'] for p in d['auth']['oauth']['profiles']] == ['unknown']" \
			"$work/out" "$name"
		;;
	*) if grep -qF "Not verified" "$work/out"; then fail "$name: said to be unverified"; fi ;;
	esac
}

format="The answer was not what Anthropic sends"
answer anthropic accept 0 "accepted none" "Verified with 127.0.0.1"
answer anthropic sleep200 0 "accepted none" "Verified with"
answer anthropic old-date 0 "accepted none" "Verified with"
answer anthropic reject 1 - "did not accept this key"
answer anthropic limited 0 "limited rate_limit" "rate limited"
answer anthropic restricted 0 "unknown restricted" "does not let it list models"
answer openai openai-restricted 0 "accepted restricted" "its permissions are limited"
answer deepseek no-credit 0 "no_credit billing" "no credit (HTTP 402)"
answer openai insufficient-quota 0 "no_credit billing" "no credit (HTTP 429)"
answer google google-bad 1 - "API key not valid"
answer xai xai-bad 1 - "xAI did not accept this key"
answer zai zai-bad 1 - "Z.AI did not accept this key"
answer zai zai-no-credit 0 "no_credit billing" "no credit"
answer openrouter accept 0 "accepted none" "Verified with"
answer google accept 0 "accepted none" "Verified with"
answer anthropic server 0 "unknown server" "Anthropic has a problem (HTTP 500)"
answer anthropic overloaded 0 "unknown server" "Anthropic has a problem (HTTP 529)"
answer anthropic garbage 0 "unknown format" "$format"
answer anthropic empty 0 "unknown format" "$format"
answer anthropic html 0 "unknown format" "$format"
answer anthropic object 0 "unknown format" "$format"
answer anthropic deep 0 "unknown format" "$format"
answer anthropic close 0 "unknown closed" "closed the connection without an answer"
answer anthropic redirect 0 "unknown redirect" "points to another address (HTTP 302)"
answer anthropic huge-body 0 "unknown too_much" "sent more than any answer needs"
answer anthropic huge-header 0 "unknown too_much" "sent more than any answer needs"
answer anthropic proxy-auth 0 "unknown proxy" "The proxy refused"
answer openai echo 1 - "did not accept this key"
if grep -q stolen "$work/provider.log"; then fail "the key was sent on by a redirect"; fi

# A subscription's token that is good for Claude Code only leads to the advice to use an API key.
fresh_home
use_provider anthropic /claude-code
token=$(make_token)
before=$(home_state)
onboard_key anthropic "$token"
ends_with 1 "a token for Claude Code only"
says "for Claude Code only" "a token for Claude Code only"
says "Use an Anthropic API key instead" "a token for Claude Code only"
unchanged "$before" "a token for Claude Code only"

# A server on this machine needs no key, and only the model is set.
fresh_home
use_provider ollama
run_tfb onboard --non-interactive --provider ollama --model ollama/llama3.3
ends_with 0 "ollama"
[ ! -e "$vault" ] && [ ! -e "$profiles" ] || fail "ollama: files for a key that there is not"
run_tfb models status --plain
[ "$(cat "$work/out")" = ollama/llama3.3 ] || fail "ollama: the model"

# Nobody there; not asked at all.
fresh_home
was=$port
port=1
use_provider anthropic
port=$was
onboard_key anthropic "$(make_key)"
ends_with 0 "refused connection"
says "saved as unverified" "refused connection"
[ "$(verdict_of)" = "unknown connect" ] || fail "refused connection: noted as $(verdict_of)"
requests=$(wc -l <"$work/provider.log")
fresh_home
use_provider anthropic
onboard_key anthropic "$(make_key)" --no-verify
ends_with 0 "--no-verify"
says "Not verified yet" "--no-verify"
[ "$(wc -l <"$work/provider.log")" = "$requests" ] || fail "--no-verify asked the provider"

# Plain http to another machine is refused before anything is sent.
fresh_home
mkdir -m 700 "$state"
printf '{"models":{"providers":{"anthropic":{"baseUrl":"http://192.0.2.1:%s"}}}}\n' "$port" >"$config"
onboard_key anthropic "$(make_key)"
says "The check could not be done: " "http to another machine"
says "saved as unverified" "http to another machine"
[ "$(verdict_of)" = "unknown internal" ] || fail "http to another machine: noted as $(verdict_of)"

# What a provider says reaches the terminal as text: no titles, no clipboard, no colours, nothing turned
# around, no pile of marks. The bytes that the screen gets are looked at, not only what tmux shows.
fresh_home
use_provider openai /escapes
key=$(make_openai_key)
open_screen 100 30 xterm-256color "$tfb" onboard
tmux -L "$tmux_socket" pipe-pane "cat >$work/raw"
walk "" provider
type_text openai
keys Enter
see "Paste your OpenAI API key"
paste "$key"
see "${key: -4}"
keys Enter
see "OpenAI did not accept this key"
keys d
see "answer" "gnp.exe"
poll '[ -s "$work/raw" ]' || fail "the bytes of the screen were not seen"
for bad in $'\e]0;' $'\e]52' $'\e[8m' $'\xc2\x9b' $'\u202e' $'\u2066'; do
	if grep -qaF "$bad" "$work/raw"; then fail "an escape of the provider's reached the terminal: $bad"; fi
done
[ "$(grep -ao $'\u0301' "$work/raw" | wc -l)" -le 20 ] || fail "a pile of marks reached the terminal"
keys q q
tmux -L "$tmux_socket" kill-server

# --- the slow ones ------------------------------------------------------------------------------------------

for pid in "${slow[@]}"; do wait "$pid"; done
for name in stall drip; do
	read -r status seconds <"$work/slow-$name.status"
	cp "$work/slow-$name.out" "$work/out"
	cp "$work/slow-$name.err" "$work/err"
	ends_with 0 "$name"
	says "No answer from 127.0.0.1:$port in time" "$name"
	[ $((seconds - slow_from)) -le 17 ] || fail "$name: took $((seconds - slow_from)) s"
done

# --- TLS ------------------------------------------------------------------------------------------------------

scheme=https
# tls KIND VERDICT [TEXT]
tls() {
	fresh_home
	start_provider --tls "$1" --ca-dir "$(mktemp -d "$work/ca-XXXX")"
	use_provider anthropic
	: >"$work/provider.log"
	SSL_CERT_FILE=${4-$ca} onboard_key anthropic "$(make_key)"
	ends_with 0 "tls $1"
	says "$3" "tls $1"
	[ "$(verdict_of)" = "$2" ] || fail "tls $1: noted as $(verdict_of)"
	case $2 in
	unknown*) [ ! -s "$work/provider.log" ] || fail "tls $1: the key was sent" ;;
	*) grep -q x-api-key "$work/provider.log" || fail "tls $1: nothing was sent" ;;
	esac
}
tls good "accepted none" "Verified with"
tls good "unknown tls" "certificate" ""
tls expired "unknown tls" "certificate"
tls wrong-host "unknown tls" "certificate"
tls self-signed "unknown tls" "certificate"
