#!/usr/bin/env bash
# Where a canary key goes in a whole run of the wizard, as strace sees it: through the socket to the probe
# and on to the provider, and nowhere else; not into an argument, an environment, the terminal or a file.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

command -v strace >/dev/null || skip "strace is missing"
is_sanitized && skip "the leak sanitizer does not run under strace"
strace -qq -o /dev/null true 2>/dev/null || skip "strace is not allowed here"

touch "$work/began"
start_provider
use_provider anthropic
canary=sk-ant-oat01-CANARY$(random_text 87)AA
trace=$work/trace

# Every call that hands bytes or words to somebody else, whole, with the files' names.
traced=(strace -f -yy -v -s 1000000 -o "$trace"
	-e "trace=execve,write,writev,pwrite64,sendto,sendmsg,sendmmsg,openat,rename,renameat2,link,symlink")

open_screen 80 24 xterm-256color "${traced[@]}" "$tfb" onboard
walk "$canary" panel
see "✓ ok"
keys r
see "✓ ok"
keys q
poll '[ -e "$work/status" ]' || fail "it did not end"
[ "$(cat "$work/status")" = 0 ] || fail "exit status $(cat "$work/status")"

# audit TRACE KEY: lines "PLACE COUNT" of where eight characters of the key's secret part were seen
audit() {
	python3 - "$1" "$2" <<-'EOF'
		import collections, re, sys
		trace, key = sys.argv[1:3]
		body = key[len("sk-ant-oat01-"):-4]  # the prefix and the last four may be shown
		parts = {body[i:i + 8] for i in range(len(body) - 7)}
		found = collections.Counter()
		for line in open(trace, errors="replace"):
		    if not any(line[i:i + 8] in parts for i in range(len(line) - 7)):
		        continue
		    m = re.match(r"\d+ +(\w+)\((?:(\d+)<([^>]*(?:>\][^>]*)?)>)?", line)
		    call, where = (m[1], m[3] or "") if m else ("?", "")
		    kind = ("socket" if "socket:" in where or where.startswith("UNIX") else
		            "tcp" if where.startswith("TCP") else
		            "terminal" if "/dev/pts" in where or "/dev/tty" in where else
		            "pipe" if where.startswith("pipe:") else
		            "arguments" if call == "execve" else "file " + where)
		    found[kind] += 1
		for kind, n in sorted(found.items()):
		    print(kind, n)
	EOF
}
audit "$trace" "$canary" >"$work/found"

# What it was seen in: the request to the probe, the probe's request to the provider, and the pipe
# through which the installed resolver proves that it can open it.
python3 - "$work/found" <<-'EOF' || fail "the canary was seen in: $(cat "$work/found")"
	import sys
	found = dict(line.rsplit(" ", 1) for line in open(sys.argv[1]).read().splitlines())
	assert set(found) <= {"socket", "tcp", "pipe"}, found
	assert "socket" in found and "tcp" in found, found
EOF
no_secret "$canary"
[ "$(grep -c 'execve(' "$trace")" -ge 3 ] || fail "the trace has no children"
grep -q 'thinkfleetbot-probe' "$trace" && grep -q 'thinkfleetbot-resolve' "$trace" || fail "the trace lacks a child"
grep -qE 'write\([0-9]+</dev/(pts|tty)' "$trace" || fail "the trace has no terminal"
while read -r child; do
	[[ $child != *CANARY* ]] || fail "in a child: ${child:0:80}"
done < <(grep 'execve(' "$trace")

# Files everywhere that a program could have left something, and that have changed since.
for place in "$HOME" "$work" /tmp /var/log /run /dev/shm; do
	found=$(find "$place" -type f -cnewer "$work/began" ! -path "$trace" -exec grep -laF -- "${canary:13:30}" {} + 2>/dev/null |
		head -n 3 || true)
	[ -z "$found" ] || fail "the canary is in $found"
done

# The same eyes find a key that was to be kept in plain text.
key=sk-ant-api03-CANARY$(random_text 87)AA
printf %s "$key" | "${traced[@]}" "$tfb" onboard --non-interactive --provider anthropic --method api-key \
	--keep plain --key-stdin >"$work/out" 2>"$work/err" || fail "keeping it in plain text"
audit "$trace" "$key" >"$work/found"
grep -q "^file .*\.env" "$work/found" || fail "the control found nothing: $(cat "$work/found")"
grep -qF -- "$key" "$state/.env" || fail "the control's key is not in .env"
says_not "${key:14:16}" "keeping it in plain text"

# Pasted and not yet used, it is in the memory of a process that others of the same user cannot read.
fresh_home
if is_root; then use_fresh_user; fi
open_screen 80 24 xterm-256color "$tfb" onboard
walk "" secret
paste "$canary"
see "ends ${canary: -4}"
[ "$(stat -c %u "/proc/$pid/environ")" = 0 ] || fail "the process can be dumped"
grep -q "^TracerPid:.0" "/proc/$pid/status" || fail "it is traced"
if tr '\0' '\n' <"/proc/$pid/cmdline" | grep -q CANARY; then fail "on the command line"; fi
if tmux -L "$tmux_socket" capture-pane -p -S - | grep -qF -- "${canary:13:8}"; then fail "on the screen"; fi
keys C-c
see "Leave setup?"
keys C-c
ended 130
