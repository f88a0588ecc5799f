# shellcheck shell=bash disable=SC2013,SC2015,SC2034,SC2174
# What every end-to-end test shares: a fresh home, a provider on loopback, a private tmux server with
# real key presses, and checks that poll instead of sleeping.
#
#   e2e/NAME.sh BIN-FOLDER SOURCE-FOLDER [VARIANT]
#
# The home, the tmux server, the provider and the user are gone when the test ends, however it ends.
# KEEP=1 leaves the folder of a failed test.

set -euo pipefail
bin=${1:?folder with the programs}
source_dir=${2:?source folder}
tfb=$bin/thinkfleetbot
export LC_ALL=C.UTF-8

work=$(mktemp -d /tmp/tfb-e2e-XXXXXX)
export HOME=$work/home
mkdir -m 700 "$HOME"
unset XDG_DATA_HOME XDG_CONFIG_HOME SSH_CONNECTION NO_COLOR TMUX SUDO_UID SSL_CERT_FILE LANG
for name in $(compgen -e | grep -E '^THINKFLEETBOT_|_API_KEY$|_TOKEN$|_proxy$|_PROXY$' || true); do
	unset "$name"
done
state=$HOME/.thinkfleetbot
vault=$state/secrets/vault.json
profiles=$state/agents/main/agent/auth-profiles.json
config=$state/thinkfleetbot.json
tmux_socket=tfb-e2e-$$
screens=0
provider_pid=
test_user=
runner=()   # what the programs are started with: nothing, or another user
preset=()   # more variables for open_screen

# cleanup, if the test defines it, comes first.
finish() {
	local rc=$? mount
	trap - EXIT
	if declare -F cleanup >/dev/null; then cleanup; fi
	close_screen
	rm -f "${TMUX_TMPDIR:-/tmp}/tmux-$(id -u)/tfb-e2e-$$-"*
	[ -z "$provider_pid" ] || kill "$provider_pid" 2>/dev/null || true
	[ $rc -eq 0 ] || jobs -p | xargs -r kill 2>/dev/null || true
	for mount in "$work/small" "$HOME"; do
		if mountpoint -q "$mount" 2>/dev/null; then umount -l "$mount"; fi
	done
	[ -z "$test_user" ] || userdel "$test_user" 2>/dev/null || true
	if [ $rc -ne 0 ] && [ $rc -ne 77 ] && [ -n "${KEEP:-}" ]; then
		echo "kept: $work" >&2
	else
		chmod -R u+rwX "$work" 2>/dev/null || true
		# The shell of a pane that was just ended may still write its status there.
		rm -rf "$work" 2>/dev/null || { sleep 0.3 && rm -rf "$work"; } || true
	fi
	exit $rc
}
trap finish EXIT
trap 'exit 130' INT TERM

fail() {
	echo "FAIL: $*" >&2
	caller 0 >&2 || true
	caller 1 >&2 || true
	if tmux -L "$tmux_socket" has-session >/dev/null 2>&1; then screen >&2; fi
	exit 1
}

skip() {
	echo "skipped: $*"
	exit 77
}

is_root() {
	[ "$(id -u)" = 0 ]
}

# Built with AddressSanitizer? Then it cannot run under strace or with tight limits.
is_sanitized() {
	grep -qF __asan_init "$tfb"
}

# From here on a new passphrase costs what a small machine can give, the floor, so that the test is quick.
# AddressSanitizer needs its address space: there it costs what it costs.
use_little_memory() {
	is_sanitized || ulimit -Sv $((190 << 10))
}

# --- a user of its own ---------------------------------------------------------------------

# A fresh system user whose home in the password file is $HOME; the programs run as that user.
use_fresh_user() {
	local i
	is_root || skip "a fresh user needs root"
	command -v useradd >/dev/null && command -v setpriv >/dev/null || skip "useradd or setpriv is missing"
	test_user=tfbe2e$$
	for i in 1 2 3 4 5; do # another test may hold the lock of the password file
		if useradd --system --no-create-home --home-dir "$HOME" --shell /bin/sh "$test_user" 2>"$work/useradd"; then
			break
		fi
		[ "$i" != 5 ] || fail "useradd: $(cat "$work/useradd")"
		sleep 0.2
	done
	chmod 711 "$work"
	mkdir -p -m 755 "$work/bin"
	install -m 755 "$bin"/thinkfleetbot "$bin"/thinkfleetbot-resolve "$bin"/thinkfleetbot-probe "$work/bin"
	bin=$work/bin
	tfb=$bin/thinkfleetbot
	chown -R "$test_user:" "$HOME"
	runner=(setpriv --reuid="$test_user" --regid="$(id -g "$test_user")" --clear-groups --)
}

# --- running a command -----------------------------------------------------------------------

# run_tfb ARGUMENT...: stdout in $work/out, stderr in $work/err, the exit status in $status
run_tfb() {
	status=0
	"${runner[@]}" "$tfb" "$@" >"$work/out" 2>"$work/err" || status=$?
}

show_output() {
	sed 's/^/  out: /' "$work/out" >&2
	sed 's/^/  err: /' "$work/err" >&2
}

# ends_with STATUS NAME: how the last run_tfb went
ends_with() {
	[ "$status" = "$1" ] && return
	show_output
	fail "$2: exit status $status, wanted $1"
}

# says TEXT NAME: the last run_tfb wrote it, on either stream
says() {
	grep -qF -- "$1" "$work/out" "$work/err" && return
	show_output
	fail "$2: never said: $1"
}

says_not() {
	if grep -qF -- "$1" "$work/out" "$work/err"; then
		show_output
		fail "$2: said: ${1:0:12}..."
	fi
}

# onboard_key PROVIDER KEY [OPTION...]: without questions
onboard_key() {
	local provider=$1 key=$2
	shift 2
	status=0
	printf '%s' "$key" | "${runner[@]}" "$tfb" onboard --non-interactive --provider "$provider" \
		--key-stdin "$@" >"$work/out" 2>"$work/err" || status=$?
}

# json_true EXPRESSION FILE [NAME]: it is true of the JSON document d in the file
json_true() {
	python3 - "$1" "$2" <<-'EOF' || fail "${3:-json}: not so: $1"
		import json, sys
		d = json.load(open(sys.argv[2]))
		sys.exit(0 if eval("(" + sys.argv[1] + ")") else 1)
	EOF
}

# resolve ID...: the installed resolver's answer as a gateway asks; in $work/answer
resolve() {
	local ids
	ids=$(printf '"%s",' "$@")
	status=0
	(cd / && printf '{"protocolVersion":1,"provider":"thinkfleetbot","ids":[%s]}' "${ids%,}" |
		env -i "${runner[@]}" "$state/bin/thinkfleetbot-resolve" --state-dir "$state" \
			"${key_dir_words[@]}" >"$work/answer" 2>"$work/resolve.err") || status=$?
}
# Needed where HOME is not the home of the password file; the configuration says the same.
key_dir_words=(--key-dir "$HOME/.local/share/thinkfleetbot/keys")

# --- the provider ------------------------------------------------------------------------

# start_provider [ARGUMENTS]: sets $port (and $ca); it ends with this script
start_provider() {
	[ -z "$provider_pid" ] || kill "$provider_pid" 2>/dev/null || true
	: >"$work/provider.out"
	tail -f /dev/null --pid=$$ 2>/dev/null |
		python3 "$source_dir/tests/provider/server.py" --log "$work/provider.log" "$@" \
			>"$work/provider.out" 2>"$work/provider.err" &
	provider_pid=$!
	poll 'grep -q "^PORT=" "$work/provider.out"' || fail "the provider did not start"
	port=$(sed -n 's/^PORT=//p' "$work/provider.out")
	ca=$(sed -n 's/^CA=//p' "$work/provider.out")
}

# use_provider ID [PATH]: the configuration sends ID's checks there
use_provider() {
	mkdir -p -m 700 "$state"
	cat >"$config" <<-EOF
		{
		  // the provider of the tests
		  "models": { "providers": { "$1": { "baseUrl": "${scheme:-http}://127.0.0.1:$port${2:-}" } } },
		}
	EOF
	chmod 600 "$config"
	own "$state"
}

# Files that a test made are the test user's.
own() {
	[ -z "$test_user" ] || chown -R "$test_user:" "$1"
}

fresh_home() {
	chmod -R u+rwX "$HOME"
	rm -rf "$HOME"
	mkdir -m 700 "$HOME"
	own "$HOME"
}

# --- the screen --------------------------------------------------------------------------

# poll EXPRESSION: true within fifteen seconds, in which a busy machine can draw a screen
poll() {
	local end=$((SECONDS + 15))
	while [ $SECONDS -lt $end ]; do
		if eval "$1"; then return 0; fi
		sleep 0.03
	done
	return 1
}

# The shell of the screen goes first: it outlives the hang-up of its terminal, and would write how its
# program was ended by that where the next screen's status is waited for.
close_screen() {
	[ ! -e "$work/shell" ] || kill -KILL "$(cat "$work/shell")" 2>/dev/null || true
	rm -f "$work/shell"
	tmux -L "$tmux_socket" kill-server 2>/dev/null || true
}

# open_screen COLUMNS ROWS TERM COMMAND...: runs it in tmux; its exit status goes to $work/status,
# its process id to $work/pid. The shell around it outlives the signals that end the command.
open_screen() {
	local columns=$1 rows=$2 term=$3
	shift 3
	close_screen
	screens=$((screens + 1))
	tmux_socket=tfb-e2e-$$-$screens # a server that is going away would take the new one with it
	rm -f "$work/status" "$work/pid" "$work/stty.before" "$work/stty.after"
	cat >"$work/start" <<-EOF
		trap : HUP TERM INT
		echo \$\$ >"$work/shell"
		stty -g >"$work/stty.before"
		env $(printf '%q ' TERM="$term" "${preset[@]}") \
			bash --norc -c 'echo \$\$ >"$work/pid.new"; mv "$work/pid.new" "$work/pid"; exec "\$@"' \
			$(printf '%q ' run "${runner[@]}" "$@") 2>"$work/screen.err"
		echo \$? >"$work/status.new"
		stty -g >"$work/stty.after"
		mv "$work/status.new" "$work/status"
		exec sleep 1000
	EOF
	tmux -L "$tmux_socket" -f /dev/null new-session -d -x "$columns" -y "$rows" \
		"exec bash --norc $work/start"
	tmux -L "$tmux_socket" set -g status off >/dev/null
	tmux -L "$tmux_socket" resize-window -x "$columns" -y "$rows" 2>/dev/null || true
	poll '[ -s "$work/pid" ]' || fail "nothing was started"
	pid=$(cat "$work/pid")
}

screen() {
	tmux -L "$tmux_socket" capture-pane -p
}

# see TEXT...: each is on the screen sooner or later
see() {
	local text
	for text in "$@"; do
		poll '[[ $(screen) == *"$text"* ]]' || fail "never saw: $text"
	done
}

unseen() {
	[[ $(screen) != *"$1"* ]] || fail "seen: $1"
}

keys() {
	tmux -L "$tmux_socket" send-keys "$@"
}

type_text() {
	tmux -L "$tmux_socket" send-keys -l -- "$1"
}

# paste TEXT: as a terminal with bracketed paste does; every byte, so no line end is changed
paste() {
	printf '%s' "$1" | tmux -L "$tmux_socket" load-buffer -
	tmux -L "$tmux_socket" paste-buffer -p -r -d
}

resize() {
	tmux -L "$tmux_socket" resize-window -x "$1" -y "$2"
}

# What tells the wizard's steps apart at 80x24, in their order.
step_names=(start provider method secret check protect model review apply panel)
declare -A step_marks=(
	[start]="Connect a model provider so" [provider]="Which provider do you want"
	[method]="How do you want to sign in" [secret]="Paste your"
	[check]="Verified with" [protect]="How should your keys be kept"
	[model]="Which model should agents use" [review]="Review. Enter writes"
	[apply]="Setup complete." [panel]="Status and doctor  ")

# walk SECRET STEP [FROM]: Enter on every step until STEP is on the screen
walk() {
	local secret=$1 to=$2 from=${3:-start} name going=
	for name in "${step_names[@]}"; do
		[ "$name" != "$from" ] || going=1
		[ -n "$going" ] || continue
		see "${step_marks[$name]}"
		[ "$name" != "$to" ] || return 0
		if [ "$name" = secret ]; then
			paste "$secret"
			see "${secret: -4}"
		fi
		keys Enter
	done
}

# ended [STATUS]: the program left the screen, the terminal is as it was
ended() {
	poll '[ -e "$work/status" ]' || fail "the program did not end"
	[ "$(cat "$work/status")" = "${1:-0}" ] ||
		fail "exit status $(cat "$work/status"), wanted ${1:-0}: $(cat "$work/screen.err")"
	cmp -s "$work/stty.before" "$work/stty.after" || fail "stty differs afterwards"
}

# Every process below $1, itself included.
family() {
	local child
	echo "$1"
	for child in $(cat "/proc/$1/task"/*/children 2>/dev/null); do family "$child"; done
}

# none_left PID...: no such process runs any more (a zombie holds nothing)
none_left() {
	local p
	for p in "$@"; do
		poll '! [ -e /proc/$p ] || grep -qs "^State:.Z" /proc/$p/status' ||
			fail "still running: $p $(tr "\0" " " <"/proc/$p/cmdline")"
	done
}

# --- files -------------------------------------------------------------------------------

# A fingerprint of everything below the home: names, kinds, modes, times, link targets, contents.
home_state() {
	(cd "$HOME" && find . -printf '%p %y %m %u %T@ %l\n' -type f -exec sha256sum {} + | sort)
}

# unchanged BEFORE NAME: the home is as that home_state says
unchanged() {
	local now
	now=$(home_state)
	[ "$now" = "$1" ] && return
	diff <(echo "$1") <(echo "$now") >&2 || true
	fail "$2: files changed"
}

mode_of() {
	stat -c %a "$1"
}

# no_secret SECRET: neither it nor any 20 characters of its middle are below the home
no_secret() {
	local found part
	for part in "$1" "${1:14:20}" "${1:40:20}"; do
		[ ${#part} -ge 12 ] || continue
		found=$(grep -rlaF -- "$part" "$HOME" | head -n 3 || true)
		[ -z "$found" ] || fail "the secret is in $found"
	done
}

# wrapped_at N TEXT [LINE-END]: with a line end every N characters
wrapped_at() {
	local text=$2 end=${3:-$'\n'} out=
	while [ ${#text} -gt "$1" ]; do
		out+=${text:0:$1}$end
		text=${text:$1}
	done
	printf '%s' "$out$text"
}

# Invented, of the right shapes. Letters and digits in turn, so that no part of it is a word.
random_text() {
	local text
	text=$(head -c $(($1 * 8)) /dev/urandom | base64 -w0 | tr -dc 'A-Za-z0-9' | cut -c1-"$1")
	[ -z "${E2E_CANARIES:-}" ] || echo "$text" >>"$E2E_CANARIES" # tests/fault/suite.py looks for it
	printf %s "$text"
}
make_token() {
	printf 'sk-ant-oat01-%sAA' "$(random_text 93)"
}
make_key() {
	printf 'sk-ant-api03-%sAA' "$(random_text 93)"
}
make_openai_key() {
	printf 'sk-proj-%s' "$(random_text "${1:-48}")"
}
