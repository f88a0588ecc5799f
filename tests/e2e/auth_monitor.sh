#!/usr/bin/env bash
# contrib/auth-monitor: each trouble is told once, by ntfy, webhook and command; again after a while, and
# when it is over; and told again when nobody heard it. The units are such as systemd accepts.
# shellcheck source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
command -v curl >/dev/null || skip "no curl"

monitor=$source_dir/contrib/auth-monitor/auth-monitor
export THINKFLEETBOT=$tfb WARN_WITHIN=24h

# What would be a phone: it writes down what it gets, and takes no word of it when $work/deaf is there.
python3 - "$work" <<'EOF' &
import http.server, os, sys
work = sys.argv[1]
class Phone(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if os.path.exists(work + "/deaf"):
            self.send_error(503)
            return
        with open(work + "/heard", "a", encoding="utf-8") as f:
            f.write("%s\n%s%s\n" % (self.path, self.headers, body))
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Phone)
with open(work + "/port.new", "w", encoding="utf-8") as f:
    f.write(str(server.server_port))
os.rename(work + "/port.new", work + "/port")
server.serve_forever()
EOF
provider_pid=$! # ends with the test
poll '[ -s "$work/port" ]' || fail "no phone"
port=$(cat "$work/port")
export NOTIFY_NTFY=http://127.0.0.1:$port/topic NOTIFY_WEBHOOK=http://127.0.0.1:$port/hook
# shellcheck disable=SC2016
export NOTIFY_COMMAND='echo "command: $AUTH_STATUS: $(cat)" >>"$HOME/command"'

# watched STATUS WHAT: one run, and its exit status
watched() {
	local rc=0
	: >"$work/heard"
	"$monitor" >"$work/out" 2>"$work/err" || rc=$?
	[ $rc = "$1" ] || fail "$2: the monitor ended with $rc, not $1: $(cat "$work/out" "$work/err")"
}
heard() { grep -qF -- "$1" "$work/heard" || fail "not told: $1: $(cat "$work/heard")"; }
silent() { [ ! -s "$work/heard" ] || fail "told again: $(cat "$work/heard")"; }

watched 1 "nothing stored yet"
heard /topic
heard "X-Auth-Status: expired"
heard '"missingProvidersInUse"'
grep -q '^command: expired: anthropic' "$HOME/command" || fail "the command got: $(cat "$HOME/command")"

watched 1 "the same trouble"
silent
REPEAT_SECONDS=0 watched 1 "the same trouble, a day later"
heard /topic

token=$(make_token)
(umask 077 && printf %s "$token" >"$work/token")
run_tfb models auth paste-token --provider anthropic --key-file "$work/token" --expires-in 10h --no-verify
ends_with 0 "a token for ten hours"
touch "$work/deaf"
watched 69 "a phone that does not answer"
rm "$work/deaf"
watched 2 "the next run"
heard "Priority: high"
heard "anthropic:manual expiring"
watched 2 "still expiring"
silent
WARN_WITHIN=1h watched 0 "early enough"
heard "every credential is good again"
WARN_HOURS=2 WARN_WITHIN='' watched 0 "the family's variable"
silent
grep -rqF "${token:14:40}" "$work/heard" "$HOME/command" "$HOME/.local/state" && fail "the token was told"

THINKFLEETBOT=/nonexistent watched 127 "no program"
heard "the check itself failed"

if command -v systemd-analyze >/dev/null; then
	units=$source_dir/contrib/auth-monitor
	sed "s|@CMAKE_INSTALL_FULL_LIBEXECDIR@/thinkfleetbot|$units|" "$units"/*.service.in \
		>"$work/thinkfleetbot-auth-monitor.service"
	cp "$units"/*.timer "$work/"
	XDG_RUNTIME_DIR=$work systemd-analyze verify --user --man=no "$work"/thinkfleetbot-auth-monitor.* 2>"$work/err" ||
		fail "systemd-analyze: $(cat "$work/err")"
	grep auth-monitor "$work/err" && fail "systemd-analyze complains"
fi
exit 0
