#!/usr/bin/env bash
# What we say of a unit, judged by systemd itself: a manager is booted in namespaces of its own, starts the
# gateway's double from all kinds of units, and the variables that the process really has must be those that
# were read out of the files. The same for its main process, its state, reloads and credentials.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

manager=/lib/systemd/systemd
is_root || skip "systemd is booted by root"
[ -x $manager ] && command -v unshare nsenter setpriv >/dev/null || skip "systemd, unshare or setpriv is missing"
use_fresh_user
uid=$(id -u "$test_user")
user_runner=("${runner[@]}")
runner=()

# --- a machine of its own ------------------------------------------------------------------------

# The name=systemd hierarchy (v1, hybrid) or the only one (v2).
cgroups=/sys/fs/cgroup
[ ! -d $cgroups/systemd ] || cgroups=$cgroups/systemd
cgroup=$cgroups/tfb-e2e-$$
mkdir "$cgroup" 2>/dev/null || skip "no cgroup can be made here"

cleanup() {
	[ -z "${unshared:-}" ] || kill -KILL "$unshared" 2>/dev/null || true
	for _ in $(seq 50); do
		find "$cgroup" -depth -type d -exec rmdir {} + 2>/dev/null && break
		sleep 0.05
	done
	return 0
}

# Nothing that systemd brings along may run: tmpfiles alone would empty /tmp. So all is read-only but this
# test's folder, and of its units and generators none is there but these.
cat >"$work/boot" <<-'SH'
	#!/bin/bash
	set -e
	mount --bind "$2" "$2"
	mount -o remount,bind,ro /
	mount --bind /proc/sys /proc/sys
	mount -o remount,bind,ro /proc/sys
	if touch /tmp/tfb-e2e 2>/dev/null; then echo "it could be written to"; exit 1; fi
	mkdir -p "$2/units"
	cp /usr/lib/systemd/system/dbus.s* "$2/units" || true
	mount -t tmpfs tmpfs /run
	for folder in /etc/systemd /var/lib/systemd /usr/lib/systemd/{system,user,system-generators,user-generators}; do
		mount -t tmpfs tmpfs $folder
	done
	mkdir -p /etc/systemd/system /run/systemd/system
	mkdir -p -m 700 "/run/user/$1"
	chown "$1" "/run/user/$1"
	for unit in tfb-e2e sysinit basic shutdown default; do
		printf '[Unit]\nDefaultDependencies=no\n' | tee /usr/lib/systemd/{system,user}/$unit.target >/dev/null
	done
	cp "$2/units"/* /usr/lib/systemd/system || true
	mount --make-rshared / # credentials are mounted by a helper of systemd's
	export container=tfb-e2e
	exec /lib/systemd/systemd --system --unit=tfb-e2e.target --log-target=console --show-status=no
SH
bash -c 'echo $$ >"$0/cgroup.procs" && exec setpriv --pdeathsig KILL -- "$@"' "$cgroup" \
	unshare --mount --pid --fork --cgroup --ipc --uts --kill-child --mount-proc bash "$work/boot" "$uid" "$work" \
	</dev/null >"$work/boot.log" 2>&1 &
unshared=$!
disown "$unshared"
first() { cat "/proc/$unshared/task/$unshared/children" 2>/dev/null || true; }
poll '[ -n "$(first)" ] || ! kill -0 $unshared 2>/dev/null' || fail "nothing was started"
machine=$(first)
[ -n "$machine" ] || skip "no namespaces here: $(cat "$work/boot.log")"
machine=${machine// /}
inside=(nsenter --target "$machine" --mount --pid --cgroup --ipc --uts --)
poll '"${inside[@]}" systemctl is-system-running 2>/dev/null | grep -qE "running|degraded"' ||
	skip "systemd does not boot here: $(tail -n 3 "$work/boot.log")"

# as_root, as_user COMMAND...: in that machine
as_root() { runner=("${inside[@]}"); }
as_user() { runner=("${inside[@]}" "${user_runner[@]}"); }
ctl() { "${inside[@]}" systemctl "$@" >"$work/ctl" 2>&1 || fail "systemctl $*: $(cat "$work/ctl")"; }

ctl start dbus.service # so that others than root are answered

# --- the gateway ------------------------------------------------------------------------------------

gateway=$work/opt/gateway
mkdir -m 755 "$work/opt"
printf '#!/bin/bash\nexec -a openclaw-gateway sleep 600\n' >"$gateway"
chmod 755 "$gateway"
mkdir -m 755 "$HOME/etc"
etc=$HOME/etc
unit=openclaw-gateway.service
old=$(make_key)
new=$(make_key)
third=$(make_key)

# system_unit [LINES]: User=, HOME and the state folder are the test user's
system_unit() {
	"${inside[@]}" bash -c 'rm -rf "/etc/systemd/system/$0.d" && cat >"/etc/systemd/system/$0"' $unit <<-UNIT
		[Service]
		User=$test_user
		WorkingDirectory=$HOME
		Environment=OPENCLAW_STATE_DIR=$state
		ExecStart=$gateway gateway
		$1
	UNIT
}

# drop_in NAME LINES
drop_in() {
	"${inside[@]}" bash -c 'mkdir -p "/etc/systemd/system/$0.d" && cat >"/etc/systemd/system/$0.d/$1"' $unit "$1" \
		<<<"$2"
}

restart() {
	ctl daemon-reload
	ctl restart $unit
	poll '"${inside[@]}" pgrep -f ^openclaw-gateway >/dev/null' || fail "the gateway did not start"
}

# agrees NAME [WANT]: what was read from the files is what systemd gave the process; WANT: and it is that key
agrees() {
	local want=${2:-}
	local main
	restart
	run_tfb models auth explain anthropic --json
	ends_with 0 "$1: explain"
	main=$("${inside[@]}" systemctl show --value --property=MainPID $unit)
	"${inside[@]}" cat "/proc/$main/environ" >"$work/environ"
	WANT=$want python3 - "$work/out" "$work/environ" "$main" <<-'EOF' || fail "$1: $(cat "$work/out")"
		import json, os, sys
		service = json.load(open(sys.argv[1]))["service"]
		given = dict(v.split(b"=", 1) for v in open(sys.argv[2], "rb").read().split(b"\0") if b"=" in v)
		rows = {r["name"]: r for r in service["variables"]}
		ok = service["process"]["pid"] == int(sys.argv[3]) and service["process"]["ofThisUnit"]
		for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN"):
		    none = {"state": "unset", "fingerprint": None}  # a variable that nobody sets has no row
		    unit, running = (rows.get(name, {}).get(w, none) for w in ("unit", "running"))
		    ok &= (unit["state"], unit["fingerprint"]) == (running["state"], running["fingerprint"])
		    ok &= (given.get(name.encode(), b"") != b"") == (running["state"] == "set")
		ok &= given.get(b"ANTHROPIC_API_KEY", b"").decode() == os.environ["WANT"]
		sys.exit(not ok)
	EOF
}

onboarded() {
	as_user
	onboard_key anthropic "$old" --no-verify
	ends_with 0 "a key"
}
onboarded

# --- variables as systemd gives them ------------------------------------------------------------

agrees_unit() { # NAME WANT LINES
	system_unit "$3"
	agrees "$1" "$2"
}

agrees_unit "nothing of ours" ""  ""
agrees_unit "Environment=" "$old" "Environment=ANTHROPIC_API_KEY=$old"
agrees_unit "the last assignment wins" "$new" "Environment=ANTHROPIC_API_KEY=$old
Environment=ANTHROPIC_API_KEY=$new"
agrees_unit "an empty one resets" "" "Environment=ANTHROPIC_API_KEY=$old
Environment="
agrees_unit "two in a line, quoted" "$new" "Environment=\"ANTHROPIC_OAUTH_TOKEN=$old\" 'ANTHROPIC_API_KEY=$new'"
agrees_unit "a quote within" "$new" "Environment=A=\"x y\" ANTHROPIC_API_KEY=$new"
agrees_unit "a line that goes on" "$new" "Environment=A=b \\
# a comment in between
  ANTHROPIC_API_KEY=$new"
agrees_unit "escapes" "$old" "Environment=\"ANTHROPIC_API_KEY=${old:0:5}\\x${old:5:0}$(printf %x "'${old:5:1}")${old:6}\""
agrees_unit "specifiers" "%h" "Environment=ANTHROPIC_API_KEY=%%h"
agrees_unit "UnsetEnvironment=" "" "Environment=ANTHROPIC_API_KEY=$old
UnsetEnvironment=ANTHROPIC_API_KEY"
agrees_unit "UnsetEnvironment= of one value" "$old" "Environment=ANTHROPIC_API_KEY=$old
UnsetEnvironment=ANTHROPIC_API_KEY=other"
agrees_unit "a foreign section" "" "[X-Notes]
Environment=ANTHROPIC_API_KEY=$old"

system_unit "Environment=ANTHROPIC_API_KEY=$old"
drop_in 50-new.conf "[Service]
Environment=ANTHROPIC_API_KEY=$new"
agrees "a drop-in" "$new"
drop_in 60-reset.conf "[Service]
Environment=
Environment=OPENCLAW_STATE_DIR=$state"
agrees "a drop-in that resets" ""
drop_in 40-early.conf "[Service]
Environment=ANTHROPIC_API_KEY=$third"
agrees "drop-ins in the order of their names" ""

# file NAME WANT TEXT: as EnvironmentFile
file() {
	printf '%s' "$3" >"$etc/keys.env"
	system_unit "Environment=ANTHROPIC_API_KEY=$third
EnvironmentFile=$etc/keys.env"
	agrees "EnvironmentFile: $1" "$2"
}
file "plain" "$old" "ANTHROPIC_API_KEY=$old
"
file "no line end" "$old" "ANTHROPIC_API_KEY=$old"
file "double quotes, a comment, a blank line" "$old" "# note
; note

ANTHROPIC_API_KEY=\"$old\"
"
file "single quotes" "$old" "ANTHROPIC_API_KEY='$old'"
file "blanks around" "$old" "  ANTHROPIC_API_KEY = $old  
"
file "CRLF" "$old" "ANTHROPIC_API_KEY=$old"$'\r\n'
file "continued" "$old" "ANTHROPIC_API_KEY=${old:0:20}\\
${old:20}
"
file "escaped" "$old" "ANTHROPIC_API_KEY=${old:0:9}\\${old:9}
"
file "quotes in the middle stay" "${old:0:9}\"${old:9:8}\"${old:17}" "ANTHROPIC_API_KEY=${old:0:9}\"${old:9:8}\"${old:17}
"
file "export is no word of systemd's" "$third" "export ANTHROPIC_API_KEY=$old
"
file "what follows a comment sign stays" "$old#x" "ANTHROPIC_API_KEY=$old#x
"
file "empty" "" "ANTHROPIC_API_KEY=
"
file "twice" "$new" "ANTHROPIC_API_KEY=$old
ANTHROPIC_API_KEY=$new
"
file "a comment that goes on" "$third" "# note \\
ANTHROPIC_API_KEY=$old
"
file "two lines in quotes" "$new" "A=\"one
ANTHROPIC_API_KEY=$old\"
ANTHROPIC_API_KEY=$new
"
printf 'ANTHROPIC_API_KEY=%s\n' "$old" >"$etc/a.env"
printf 'ANTHROPIC_API_KEY=%s\n' "$new" >"$etc/b.env"
rm -f "$etc/keys.env"
agrees_unit "EnvironmentFile: a pattern" "$new" "EnvironmentFile=$etc/*.env"
agrees_unit "EnvironmentFile: may be missing" "$old" "EnvironmentFile=$etc/a.env
EnvironmentFile=-$etc/none.env"
agrees_unit "EnvironmentFile: reset" "$third" "Environment=ANTHROPIC_API_KEY=$third
EnvironmentFile=$etc/a.env
EnvironmentFile="
agrees_unit "EnvironmentFile: %h" "$new" "EnvironmentFile=$etc/a.env
EnvironmentFile=$etc/b.env"

# --- what runs, and what was changed since ------------------------------------------------------

# service EXPRESSION NAME: of the service's part of explain, s, and the profile's fact "in use", use
service() {
	run_tfb models auth explain anthropic --json
	json_true "(lambda s, use: $1)(d['service'],
		[x['inUse'] for x in d['sources'] if x['source'] == 'anthropic:default'][0])" "$work/out" "$2"
}
# doctor_says WORDS: its check of the service
doctor_says() {
	run_tfb doctor --json
	json_true "any(f['checkId'] == 'service' and '$1' in f['message'] for f in d['findings'])" "$work/out" "$1"
}

started_by_run="ExecStart=
ExecStart=$tfb run --state-dir $state -- $gateway gateway"
system_unit "$started_by_run"
restart
service "s['throughRun'] and s['activeState'] == 'active' and not s['needsDaemonReload'] and use == 'current'" "by run"
sleep 1.1
printf '%s' "$new" >"$HOME/new"
chmod 600 "$HOME/new"
own "$HOME/new"
run_tfb models auth rotate anthropic:default --key-file "$HOME/new" --no-verify
ends_with 0 rotate
service "use == 'older'" "after the rotation"
doctor_says "holds an older anthropic:default: restart it"
restart
service "use == 'current'" "after the restart"
drop_in 70-more.conf "[Service]
Environment=ANTHROPIC_API_KEY=$third"
service "s['needsDaemonReload']" "a file that systemd has not read"
doctor_says "was changed, and systemd has not read that"
restart
service "not s['needsDaemonReload']" "after daemon-reload"
ctl stop $unit
service "s['activeState'] == 'inactive' and s['process'] is None" "stopped"

system_unit "User=nobody"
ctl daemon-reload
doctor_says "runs as nobody, who cannot read the files here"
system_unit "Environment=OPENCLAW_STATE_DIR= HOME=/srv/gw"
ctl daemon-reload
doctor_says "uses another state folder than this one: /srv/gw/.openclaw"
system_unit ""
"${inside[@]}" ln -sf /dev/null /etc/systemd/system/openclaw-gateway.service
ctl daemon-reload
service "s['masked']" "masked"
"${inside[@]}" rm /etc/systemd/system/openclaw-gateway.service

# --- a unit of the account's own manager ----------------------------------------------------------

"${inside[@]}" bash -c 'cat >/etc/systemd/system/tfb-user.service' <<-UNIT
	[Service]
	Type=notify
	User=$test_user
	Environment=XDG_RUNTIME_DIR=/run/user/$uid HOME=$HOME container=tfb-e2e
	ExecStart=$manager --user --unit=tfb-e2e.target --log-target=console
	StandardError=append:$HOME/user.log
	Delegate=yes
UNIT
ctl daemon-reload
"${inside[@]}" systemctl start tfb-user.service || fail "the account's manager: $(cat "$HOME/user.log")"
as_user
runner+=(env "XDG_RUNTIME_DIR=/run/user/$uid")
user_ctl() { "${runner[@]}" systemctl --user "$@" >"$work/ctl" 2>&1 || fail "systemctl --user $*: $(cat "$work/ctl")"; }
mkdir -p "$HOME/.config/systemd/user"
cat >"$HOME/.config/systemd/user/$unit" <<-UNIT
	[Service]
	Environment=OPENCLAW_STATE_DIR=%h/.thinkfleetbot
	ExecStart=$tfb run -- $gateway gateway
	[Install]
	WantedBy=default.target
UNIT
own "$HOME/.config"
user_ctl daemon-reload
user_ctl enable $unit
user_ctl start $unit
service "s['kind'] == 'systemd-user' and s['activeState'] == 'active' and s['process']['ofThisUnit'] and
	use == 'current'" "a unit of the account"
user_ctl stop $unit

# --- a key from systemd -----------------------------------------------------------------------------

# in_unit CREDENTIAL COMMAND...: in a unit of the user's with LoadCredential and that (-: without); its output in $work/out
in_unit() {
	local load=()
	[ "$1" = - ] || load=(--property="LoadCredential$1")
	shift
	status=0
	"${inside[@]}" systemd-run --quiet --wait --pipe --collect --uid="$test_user" --setenv=HOME="$HOME" "${load[@]}" \
		"$@" </dev/null >"$work/out" 2>"$work/err" || status=$?
}
as_user
head -c 32 /dev/urandom >"$etc/kek"
head -c 32 /dev/urandom >"$etc/other"
chmod 600 "$etc"/{kek,other}
in_unit - "$tfb" secrets slot add systemd-cred
ends_with 77 "no credential"
says "CREDENTIALS_DIRECTORY is not set" "no credential"
in_unit "=thinkfleetbot.kek:$etc/kek" "$tfb" secrets slot add systemd-cred
ends_with 0 "a slot for the credential"
mv "$HOME/.local/share/thinkfleetbot/keys" "$HOME/away"
in_unit "=thinkfleetbot.kek:$etc/kek" "$tfb" run -- env
ends_with 0 "the gateway's start"
says "ANTHROPIC_API_KEY=$new" "the gateway's start"
in_unit "=thinkfleetbot.kek:$etc/other" "$tfb" run -- env
[ "$status" != 0 ] || fail "another credential opened it"
says_not "$new" "another credential"
in_unit - "$tfb" run -- env
[ "$status" != 0 ] || fail "it opened without"
says ".key is missing" "without"
"${inside[@]}" systemd-creds encrypt --with-key=host --name=thinkfleetbot.kek "$etc/kek" "$etc/sealed" 2>"$work/creds" ||
	fail "systemd-creds: $(cat "$work/creds")"
in_unit "Encrypted=thinkfleetbot.kek:$etc/sealed" "$tfb" run -- env
ends_with 0 "an encrypted credential"
says "ANTHROPIC_API_KEY=$new" "an encrypted credential"
mv "$HOME/away" "$HOME/.local/share/thinkfleetbot/keys"
