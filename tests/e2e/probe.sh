#!/usr/bin/env bash
# models status --probe: many credentials at once, each at its own provider's address and nowhere else; the
# family's buckets and reason codes; one deadline; Ctrl-C; what is kept.
# shellcheck disable=SC2015,SC2016,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

start_provider

# Invented, and accepted by the double.
key() {
	printf 'sk-test-%020d%020d' "$RANDOM$RANDOM" "$RANDOM$RANDOM"
}

# store JSON: it is the agent's auth-profiles.json
store() {
	mkdir -p -m 700 "$state" "$(dirname "$profiles")"
	printf '%s\n' "$1" >"$profiles"
	chmod 600 "$profiles"
}

# write_config JSON5
write_config() {
	mkdir -p -m 700 "$state"
	printf '%s\n' "$1" >"$config"
	chmod 600 "$config"
}

# api_keys PROVIDER NAME...: entries for a store
api_keys() {
	local provider=$1 name
	shift
	for name in "$@"; do
		printf '"%s:%s":{"type":"api_key","provider":"%s","key":"%s"},' \
			"$provider" "$name" "$provider" "$(key)"
	done
}

# address PROVIDER BEHAVIOUR
address() {
	printf '"%s":{"baseUrl":"http://127.0.0.1:%s/%s"},' "$1" "$port" "$2"
}

# probe_json ARGUMENT...
probe_json() {
	run_tfb models status --probe --json "$@"
}

# rows <<LINES "ID: EXPRESSION": each is true of the row r of that profile
rows() {
	python3 -c '
import json, sys
rows = {r.get("profileId"): r for r in json.load(open(sys.argv[1]))["auth"]["probes"]["results"]}
for line in sys.stdin.read().strip().splitlines():
    name, expression = line.strip().split(": ", 1)
    if not eval(expression, {"r": rows[name]}):
        sys.exit(f"{name}: {expression}: {rows[name]}")
' "$work/out" || fail "a row is not what it should be"
}

# --- every bucket, and every reason not to ask ----------------------------------------------------------------

past=1700000000000
store '{"version":1,"profiles":{'"$(api_keys openai good extra)$(api_keys anthropic bad)$(
	api_keys xai limited)$(api_keys deepseek broke)$(api_keys mistral server)$(api_keys groq html)$(
	api_keys together stalled)$(api_keys cerebras late)"'
	"openai:old":{"type":"token","provider":"openai","token":"'"$(key)"'","expires":'$past'},
	"openai:odd":{"type":"token","provider":"openai","token":"'"$(key)"'","expires":-5},
	"openai:none":{"type":"api_key","provider":"openai","key":""},
	"openai:sealed":{"type":"api_key","provider":"openai","key":"","keyRef":
		{"source":"exec","provider":"thinkfleetbot","id":"main/openai:sealed/key"}},
	"moonshot:left":{"type":"api_key","provider":"moonshot","key":"'"$(key)"'"},
	"moonshot:first":{"type":"api_key","provider":"moonshot","key":"'"$(key)"'"},
	"nobody:x":{"type":"api_key","provider":"nobody","key":"'"$(key)"'"}},
	"order":{"moonshot":["moonshot:first"]}}'
write_config '{"models":{"providers":{'"$(address openai accept)$(address anthropic reject)$(
	address xai limited)$(address deepseek no-credit)$(address mistral server)$(address groq html)$(
	address together stall)$(address cerebras sleep200)$(address moonshot accept)"'}},
	"agents":{"defaults":{"model":"openai/gpt-5.2"}}}'
: >"$work/provider.log"
probe_json --probe-timeout 900 --check
ends_with 1 "a rejected key and --check"
rows <<'EOF2'
	openai:good: r["status"] == "ok" and r["latencyMs"] >= 0 and "error" not in r
	anthropic:bad: r["status"] == "auth" and r["error"].startswith("Anthropic did not accept this key")
	xai:limited: r["status"] == "rate_limit" and r["reason"] == "rate_limit"
	deepseek:broke: r["status"] == "billing"
	mistral:server: r["status"] == "unknown" and r["reason"] == "server"
	groq:html: r["status"] == "format"
	together:stalled: r["status"] == "timeout" and r["reason"] == "timeout"
	cerebras:late: r["status"] == "ok" and r["latencyMs"] >= 200
	openai:old: r["status"] == "unknown" and r["reasonCode"] == "expired" and "latencyMs" not in r
	openai:odd: r["reasonCode"] == "invalid_expires"
	openai:none: r["reasonCode"] == "missing_credential"
	openai:sealed: r["reasonCode"] == "unresolved_ref"
	moonshot:left: r["reasonCode"] == "excluded_by_auth_order" and r["error"] == "Excluded by auth.order for this provider."
	moonshot:first: r["status"] == "ok"
	nobody:x: r["status"] == "no_model" and r["error"] == "No model available for probe"
	openai:good: list(r)[:8] == ["provider","model","profileId","label","source","mode","status","latencyMs"]
	openai:good: r["model"] == "openai/gpt-5.2" and r["source"] == "profile" and r["mode"] == "api_key"
EOF2
json_true 'list(d["auth"]["probes"]) == ["startedAt","finishedAt","durationMs","totalTargets","options","results"]
	and d["auth"]["probes"]["totalTargets"] == 10 and list(d["auth"])[-1] == "probes"
	and d["auth"]["probes"]["options"] == {"profileIds": [], "timeoutMs": 900, "concurrency": 32, "maxTokens": 8}' \
	"$work/out" "the members"
json_true 'd["auth"]["probes"]["durationMs"] < 5000' "$work/out" "one deadline"
# One request for each target, and none for the others.
[ "$(wc -l <"$work/provider.log")" = 10 ] || fail "$(wc -l <"$work/provider.log") requests"

# What was learnt is a fact from now on, in this answer and in the next one.
accepted="{p['profileId']: p['facts']['accepted']['verdict'] for p in d['auth']['oauth']['profiles']}"
for again in 1 2; do
	json_true "${accepted}['openai:good'] == 'accepted' and ${accepted}['anthropic:bad'] == 'rejected'
		and ${accepted}['openai:old'] == 'none'" "$work/out" "the facts, $again"
	run_tfb models status --json
done
[ "$(mode_of "$state/secrets/checks.json")" = 600 ] || fail "the mode of checks.json"

# --- text ---------------------------------------------------------------------------------------------------------

run_tfb models status --probe --probe-provider openai --glyphs ascii
ends_with 0 "text"
says "Auth probes" text
says "| openai/gpt-5.2     | openai:good (api_key)" text
says "> Auth reason [expired]: token credentials are " text
says "Probed 2 targets in " text
says_not "anthropic:bad (" text
run_tfb models status --probe --probe-profile openai:good,xai:limited --probe-profile deepseek:broke
says "│ ok · " "three profiles"
says "│ rate_limit · " "three profiles"
says "Probed 3 targets in " "three profiles"
run_tfb models status --probe --probe-provider nothing
ends_with 0 "no targets"
says "No probe targets." "no targets"

# --- refusals -------------------------------------------------------------------------------------------------------

refuse() {
	local text=$1
	shift
	run_tfb models status "$@"
	ends_with 64 "$*"
	says "$text" "$*"
}
refuse "--probe cannot be used with --plain output." --probe --plain
refuse "--probe-timeout must be a positive number (ms)." --probe --probe-timeout 0
refuse "--probe-timeout must be a positive number (ms)." --probe --probe-timeout soon
refuse "--probe-concurrency must be > 0." --probe --probe-concurrency -1
refuse "--probe-max-tokens must be > 0." --probe --probe-max-tokens 0

# --- other sources ---------------------------------------------------------------------------------------------------

store '{"version":1,"profiles":{}}'
write_config '{"models":{"providers":{'"$(address openai accept)$(address ollama accept)"'
	"mistral":{"baseUrl":"http://127.0.0.1:'"$port"'/accept","apiKey":"'"$(key)"'"},
	"groq":{"baseUrl":"http://127.0.0.1:'"$port"'/accept","apiKey":"${MY_GROQ}"}}}}'
OPENAI_API_KEY=$(key) MY_GROQ=$(key) probe_json
json_true "{r['provider']: (r['label'], r['source'], r['mode'], r['status'], 'profileId' in r)
	for r in d['auth']['probes']['results']} == {
	'openai': ('env', 'env', 'api_key', 'ok', False), 'mistral': ('models.json', 'models.json', 'api_key', 'ok', False),
	'groq': ('models.json', 'models.json', 'api_key', 'ok', False),
	'ollama': ('local', 'local', 'none', 'ok', False)}" "$work/out" "variables and configured keys"

# --- sealed, and inherited from main -------------------------------------------------------------------------------

fresh_home
use_provider anthropic /accept
onboard_key anthropic "$(make_key)" --no-verify
ends_with 0 "a sealed key"
for agent in main work; do
	probe_json --agent $agent
	json_true "[(r['profileId'], r['status']) for r in d['auth']['probes']['results']] ==
		[('anthropic:default', 'ok')]" "$work/out" "sealed, agent $agent"
done
# A record that does not open is not sent, and is no reason to ask for something.
at=$(grep -obE '"c": *"' "$vault" | head -n 1 | cut -d: -f1)
printf '!' | dd of="$vault" bs=1 seek=$((at + 30)) conv=notrunc 2>/dev/null
: >"$work/provider.log"
probe_json
rows <<'EOF2'
	anthropic:default: r["status"] == "unknown" and r["reasonCode"] == "unresolved_ref"
EOF2
[ ! -s "$work/provider.log" ] || fail "a record that does not open was sent"
fresh_home

# --- a key goes to its own provider's address only ------------------------------------------------------------------

first_log=$work/provider.log
first_port=$port
mkdir "$work/second"
tail -f /dev/null --pid=$$ 2>/dev/null |
	python3 "$source_dir/tests/provider/server.py" --log "$work/second/log" >"$work/second/out" &
second_pid=$!
poll 'grep -q "^PORT=" "$work/second/out"' || fail "the second provider did not start"
second_port=$(sed -n 's/^PORT=//p' "$work/second/out")
store '{"version":1,"profiles":{'"$(api_keys openai one)$(api_keys anthropic two)"'
	"openai:none":{"type":"api_key","provider":"openai","key":""}}}'
write_config '{"models":{"providers":{"openai":{"baseUrl":"http://127.0.0.1:'"$first_port"'/accept"},
	"anthropic":{"baseUrl":"http://127.0.0.1:'"$second_port"'/redirect"}}}}'
: >"$first_log"
probe_json
rows <<'EOF2'
	anthropic:two: r["status"] == "unknown" and r["reason"] == "redirect"
EOF2
[ "$(cut -d' ' -f3 "$first_log")" = authorization ] || fail "the first saw: $(cat "$first_log")"
[ "$(cut -d' ' -f3 "$work/second/log")" = x-api-key ] || fail "the second saw: $(cat "$work/second/log")"
kill "$second_pid" 2>/dev/null || true

# --- at once ----------------------------------------------------------------------------------------------------------

names=()
for i in $(seq 32); do names+=("n$i"); done
store '{"version":1,"profiles":{'"$(api_keys openai "${names[@]}")"'
	"openai:none":{"type":"api_key","provider":"openai","key":""}}}'
write_config '{"models":{"providers":{'"$(address openai sleep200)"'}}}'
for _ in 1 2 3; do # another test may have the machine for a moment
	probe_json
	ratio=$(python3 -c '
import json, sys
p = json.load(open(sys.argv[1]))["auth"]["probes"]
slowest = max(r["latencyMs"] for r in p["results"] if r["status"] == "ok")
assert p["totalTargets"] == 32 and sum(r["status"] == "ok" for r in p["results"]) == 32
print(p["durationMs"] * 100 // slowest)' "$work/out") || fail "not all 32 answered"
	[ "$ratio" -gt 125 ] || break
done
echo "32 checks took $ratio % of the slowest"
[ "$ratio" -le 300 ] || fail "32 checks took $ratio % of the slowest"
is_sanitized || [ "$ratio" -le 125 ] || [ "$(cut -d. -f1 /proc/loadavg)" -ge "$(nproc)" ] ||
	fail "32 checks took $ratio % of the slowest"
# Two at a time, as the family does it: slower, and all of them.
probe_json --probe-concurrency 16 --probe-profile openai:n1,openai:n2,openai:n3
json_true 'd["auth"]["probes"]["totalTargets"] == 3 and d["auth"]["probes"]["options"]["profileIds"]
	== ["openai:n1", "openai:n2", "openai:n3"]' "$work/out" "three"
probe_json --probe-concurrency 2 --probe-profile openai:n1,openai:n2,openai:n3
json_true '400 <= d["auth"]["probes"]["durationMs"]' "$work/out" "two at a time"

# --- a clock that is off: said, kept, and a finding; by the panel's own check as well ------------------------------

checks=$state/secrets/checks.json
store '{"version":1,"profiles":{'"$(api_keys openai one)"'
	"openai:none":{"type":"api_key","provider":"openai","key":""}}}'
write_config '{"models":{"providers":{'"$(address openai old-date)"'}}}'
run_tfb models status --probe
says "Note: this host's clock is 1" "a clock that is off"
for how in probe panel; do
	[ "$how" = probe ] || {
		rm "$checks"
		open_screen 80 24 xterm-256color "$tfb" status
		poll '[ -s "$checks" ]' || fail "the panel kept nothing"
		keys q
		ended 0
	}
	json_true 'd["checks"]["openai:one"]["skewMs"] > 7000000' "$checks" "the skew that the $how found"
	run_tfb doctor
	says "of openai:one, the clock was 1" "the doctor after the $how"
done

# --- the deadline of all: what has answered is there -------------------------------------------------------------

store '{"version":1,"profiles":{'"$(api_keys openai fast)$(api_keys anthropic never)"'
	"openai:none":{"type":"api_key","provider":"openai","key":""}}}'
write_config '{"models":{"providers":{'"$(address openai accept)$(address anthropic drip)"'}}}'
probe_json --probe-timeout 500
rows <<'EOF2'
	openai:fast: r["status"] == "ok"
	anthropic:never: r["status"] == "timeout"
EOF2
json_true 'd["auth"]["probes"]["durationMs"] < 3000' "$work/out" "the deadline"

# --- on a terminal: progress, and Ctrl-C ------------------------------------------------------------------------------

cat >"$work/terminal.py" <<'EOF2'
"""A terminal: runs the command, presses Ctrl-C at the progress line when told to; says what happened."""
import os, pty, select, signal, sys, time

press = sys.argv[1] == "press"
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen, pressed, children = b"", 0.0, []
end = time.monotonic() + 20
while time.monotonic() < end:
    if select.select([fd], [], [], 0.02)[0]:
        try:
            part = os.read(fd, 4096)
        except OSError:
            break
        if not part:
            break
        seen += part
    if press and not pressed and b"\rProbing: " in seen:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            children = f.read().split()
        pressed = time.monotonic()
        os.write(fd, b"\x03")
_, status = os.waitpid(pid, 0)
took = (time.monotonic() - pressed) * 1000 if pressed else 0
left = [c for c in children if os.path.exists(f"/proc/{c}")]
print(f"signal={os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0} took={took:.0f} "
      f"children={len(children)} left={len(left)} progress={b'Probing: ' in seen} "
      f"cleared={seen.rstrip(b' ').endswith(bytes([13])) or b'Probed' in seen}")
EOF2
python3 "$work/terminal.py" press "$tfb" models status --probe >"$work/seen"
read -r signal took children left progress cleared <"$work/seen"
[ "$signal $children $left $progress $cleared" = \
	"signal=2 children=1 left=0 progress=True cleared=True" ] || fail "Ctrl-C: $(cat "$work/seen")"
limit=100
if is_sanitized; then limit=500; fi
echo "Ctrl-C: the prompt is back after ${took#took=} ms"
[ "${took#took=}" -le "$limit" ] || fail "Ctrl-C: $(cat "$work/seen")"
# Nothing is drawn for what is over in a moment.
write_config '{"models":{"providers":{'"$(address openai accept)$(address anthropic accept)"'}}}'
python3 "$work/terminal.py" look "$tfb" models status --probe >"$work/seen"
grep -q "signal=0 .*progress=False" "$work/seen" || fail "a short probe: $(cat "$work/seen")"

# --- nothing is made where nothing is ------------------------------------------------------------------------------

cp "$config" "$work/elsewhere.json"
fresh_home
THINKFLEETBOT_CONFIG_PATH=$work/elsewhere.json OPENAI_API_KEY=$(key) probe_json
json_true "[r['status'] for r in d['auth']['probes']['results']] == ['ok']" "$work/out" "without a state folder"
[ ! -e "$state" ] || fail "a state folder was made"
