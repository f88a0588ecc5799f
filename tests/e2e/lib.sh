# shellcheck shell=bash disable=SC2034
# What every end-to-end test shares: a fresh home, a provider on loopback, a private tmux server with
# real key presses, and checks that poll instead of sleeping.
#
#   e2e/NAME.sh BIN-FOLDER SOURCE-FOLDER
#
# The home, the tmux server and the provider are gone when the test ends, however it ends.

set -euo pipefail
bin=${1:?folder with the programs}
source_dir=${2:?source folder}
tfb=$bin/thinkfleetbot
here=$source_dir/tests/e2e
export LC_ALL=C.UTF-8

work=$(mktemp -d /tmp/tfb-e2e-XXXXXX)
export HOME=$work/home
mkdir -m 700 "$HOME"
unset XDG_DATA_HOME XDG_CONFIG_HOME SSH_CONNECTION NO_COLOR TMUX ANTHROPIC_API_KEY OPENAI_API_KEY
for name in $(compgen -e | grep '^THINKFLEETBOT_' || true); do unset "$name"; done
state=$HOME/.thinkfleetbot
tmux_socket=tfb-e2e-$$
provider_pid=

finish() {
	local rc=$?
	tmux -L "$tmux_socket" kill-server 2>/dev/null || true
	[ -z "$provider_pid" ] || kill "$provider_pid" 2>/dev/null || true
	if [ $rc -ne 0 ] && [ -n "${KEEP:-}" ]; then
		echo "kept: $work" >&2
	else
		chmod -R u+rwX "$work" 2>/dev/null || true
		rm -rf "$work"
	fi
	exit $rc
}
trap finish EXIT

fail() {
	echo "FAIL: $*" >&2
	if tmux -L "$tmux_socket" has-session 2>/dev/null; then screen >&2; fi
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 77
}

# --- the provider ------------------------------------------------------------------------

# start_provider [ARGUMENTS]: sets $port
start_provider() {
	python3 "$source_dir/tests/provider/server.py" --log "$work/provider.log" "$@" \
		>"$work/provider.out" 2>"$work/provider.err" &
	provider_pid=$!
	poll 'grep -q "^PORT=" "$work/provider.out"' || fail "the provider did not start"
	port=$(sed -n 's/^PORT=//p' "$work/provider.out")
}

# use_provider ID [PATH]: the configuration sends ID's checks there
use_provider() {
	mkdir -p "$state"
	chmod 700 "$state"
	cat >"$state/thinkfleetbot.json" <<-EOF
		{
		  // the provider of the tests
		  "models": { "providers": { "$1": { "baseUrl": "http://127.0.0.1:$port${2:-}" } } },
		}
	EOF
	chmod 600 "$state/thinkfleetbot.json"
}

# --- the screen --------------------------------------------------------------------------

# poll EXPRESSION: true within five seconds
poll() {
	local i
	for ((i = 0; i < 250; i++)); do
		if eval "$1"; then return 0; fi
		sleep 0.02
	done
	return 1
}

# open_screen COLUMNS ROWS TERM COMMAND...: runs it in tmux; its exit status goes to $work/status
open_screen() {
	local columns=$1 rows=$2 term=$3
	shift 3
	tmux -L "$tmux_socket" kill-server 2>/dev/null || true
	rm -f "$work/status"
	printf '%q ' "$@" >"$work/command"
	cat >"$work/start" <<-EOF
		stty -g >"$work/stty.before"
		export TERM=$term
		$(cat "$work/command")
		echo \$? >"$work/status.new"
		stty -g >"$work/stty.after"
		mv "$work/status.new" "$work/status"
		exec sleep 1000
	EOF
	tmux -L "$tmux_socket" -f /dev/null new-session -d -x "$columns" -y "$rows" \
		"bash --norc $work/start"
	tmux -L "$tmux_socket" set -g status off >/dev/null
	tmux -L "$tmux_socket" resize-window -x "$columns" -y "$rows" 2>/dev/null || true
}

screen() {
	tmux -L "$tmux_socket" capture-pane -p
}

see() {
	local text
	for text in "$@"; do
		poll 'screen | grep -qF -- "$text"' || fail "never saw: $text"
	done
}

unseen() {
	if screen | grep -qF -- "$1"; then fail "seen: $1"; fi
}

keys() {
	tmux -L "$tmux_socket" send-keys "$@"
}

type_text() {
	tmux -L "$tmux_socket" send-keys -l "$1"
}

# paste TEXT: as a terminal with bracketed paste does
paste() {
	printf '%s' "$1" | tmux -L "$tmux_socket" load-buffer -
	tmux -L "$tmux_socket" paste-buffer -p -d
}

# ended [STATUS]: the program left the screen, the terminal is as it was
ended() {
	poll '[ -e "$work/status" ]' || fail "the program did not end"
	[ "$(cat "$work/status")" = "${1:-0}" ] ||
		fail "exit status $(cat "$work/status"), wanted ${1:-0}"
	cmp -s "$work/stty.before" "$work/stty.after" || fail "stty differs afterwards"
}

# --- files -------------------------------------------------------------------------------

# A fingerprint of everything below the home: names, modes, contents, link targets.
home_state() {
	(cd "$HOME" && find . -printf '%p %y %m %l\n' -type f -exec sha256sum {} + | sort)
}

mode_of() {
	stat -c %a "$1"
}

# no_secret SECRET: nowhere below the home, nor its first 20 characters
no_secret() {
	if grep -rqF -- "${1:0:20}" "$HOME"; then
		fail "the secret is in $(grep -rlF -- "${1:0:20}" "$HOME" | head -n 3)"
	fi
}

# a wrapped_at N: the text with a line break every N characters
wrapped_at() {
	printf '%s' "$2" | fold -w "$1"
}

# Invented, of the right shapes: a 108-character setup-token, an API key.
make_token() {
	printf 'sk-ant-oat01-%sAA' "$(head -c 200 /dev/urandom | base64 -w0 | tr -dc 'A-Za-z0-9' | cut -c1-93)"
}
make_key() {
	printf 'sk-ant-api03-%sAA' "$(head -c 200 /dev/urandom | base64 -w0 | tr -dc 'A-Za-z0-9' | cut -c1-93)"
}
