#!/usr/bin/env bash
# A gateway as a service: a unit that systemd accepts starts it through `run`; what it holds is compared
# with what is stored, before and after a rotation and a restart; what the unit sets beside it is found.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

unit=$HOME/.config/systemd/user/openclaw-gateway.service
mkdir -p "$unit.d" "$HOME/opt"
double=$HOME/opt/gateway

# Under the gateway's title, as the real one is seen in /proc; sleep does not touch its environment.
cat >"$double" <<-'SH'
	#!/bin/bash
	exec -a openclaw-gateway sleep 60
SH
chmod 700 "$double"
cat >"$unit" <<-UNIT
	[Unit]
	Description=Gateway
	[Service]
	ExecStart=$tfb run -- \\
	  # the double
	  $double gateway
	Environment=OPENCLAW_STATE_DIR=%h/.thinkfleetbot
	EnvironmentFile=-%h/.config/openclaw/*.env
	Restart=always
	[Install]
	WantedBy=default.target
UNIT
if command -v systemd-analyze >/dev/null; then
	XDG_RUNTIME_DIR=$work SYSTEMD_LOG_LEVEL=warning systemd-analyze --user --recursive-errors=no --man=no \
		verify "$unit" >"$work/verify" 2>&1 || fail "systemd-analyze verify: $(cat "$work/verify")"
	grep -q openclaw-gateway "$work/verify" && fail "systemd warns: $(cat "$work/verify")"
fi

gateway=
start_gateway() {
	env -i HOME="$HOME" PATH=/usr/bin:/bin OPENCLAW_STATE_DIR="$state" \
		"$tfb" run -- "$double" gateway >/dev/null 2>"$work/gateway" &
	gateway=$!
	for _ in $(seq 100); do
		grep -qaz '^openclaw-gateway' "/proc/$gateway/cmdline" && return
		sleep 0.05
	done
	fail "the gateway did not start: $(cat "$work/gateway")"
}

stop_gateway() {
	kill "$gateway"
	wait "$gateway" 2>/dev/null || true
}

# in_use WORD: of the profile, in explain and in status alike
in_use() {
	run_tfb models auth explain anthropic --json
	json_true "[s['inUse'] for s in d['sources'] if s['source'] == 'anthropic:default'] == ['$1']" \
		"$work/out" "explain: $2"
	run_tfb models status --json
	grep -qF "\"inUse\":\"$1\"" <(tr -d ' \n' <"$work/out") || fail "status: $2: not $1"
}

# found WORDS, found_not WORDS: by the doctor's check of the service
found() {
	run_tfb doctor --json
	json_true "any(f['checkId'] == 'service' and '$1' in f['message'] for f in d['findings'])" \
		"$work/out" "doctor: $1"
}
found_nothing() {
	run_tfb doctor --json
	json_true "not any(f['checkId'] == 'service' for f in d['findings'])" "$work/out" "doctor: nothing of the service"
}

old=$(make_key)
new=$(make_key)
onboard_key anthropic "$old" --no-verify
ends_with 0 "a key"
in_use unknown "nothing runs"
sleep 1.1
start_gateway
in_use current "started with this key"
json_true 'd' "$work/out" json
found "was not started by openclaw-gateway.service"
run_tfb models auth explain anthropic
says "The service openclaw-gateway.service" "explain"
says "through thinkfleetbot run" "explain"
says "process $gateway" "explain"
says "this revision" "explain"

sleep 1.1
printf '%s' "$new" >"$work/new" && chmod 600 "$work/new"
run_tfb models auth rotate anthropic:default --key-file "$work/new" --no-verify
ends_with 0 "rotate"
in_use older "started before the rotation"
found "holds an older anthropic:default: restart it"

stop_gateway
in_use unknown "stopped"
sleep 1
start_gateway
in_use current "restarted"

# A drop-in that somebody forgot: it wins over what `run` would deliver.
printf '[Service]\nEnvironment="ANTHROPIC_API_KEY=%s"\n' "$old" >"$unit.d/50-old.conf"
found "ANTHROPIC_API_KEY of the service is another key than the one that is stored, and wins"
run_tfb models auth explain anthropic --json
json_true "[(v['next']['source'], v['unit']['from'], v['running']['state']) for v in d['service']['variables']
	if v['name'] == 'ANTHROPIC_API_KEY'] ==
	[('unit', '~/.config/systemd/user/openclaw-gateway.service.d/50-old.conf:2', 'set')]" "$work/out" "side by side"
json_true "d['service']['process']['pid'] == $gateway and d['service']['usesThisState']" "$work/out" "the service"
rm "$unit.d/50-old.conf"
stop_gateway
found_nothing

# The same in an EnvironmentFile, which wins over the unit.
mkdir -p "$HOME/.config/openclaw"
printf '# a note \nANTHROPIC_API_KEY="%s"\n' "$old" >"$HOME/.config/openclaw/keys.env"
found "and wins"
rm "$HOME/.config/openclaw/keys.env"

# Another HOME in the unit is another state folder.
printf '[Service]\nExecStart=\nExecStart=openclaw gateway\nEnvironment=\nEnvironment=HOME=/srv/gw\n' \
	>"$unit.d/60-home.conf"
found "uses another state folder than this one: /srv/gw/.openclaw"

for key in "$old" "$new"; do
	for command in "doctor --deep" "models auth explain anthropic" "models auth explain anthropic --json"; do
		# shellcheck disable=SC2086
		ANTHROPIC_API_KEY=$old run_tfb $command
		says_not "$key" "$command"
	done
done
