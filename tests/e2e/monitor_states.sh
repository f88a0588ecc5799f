#!/usr/bin/env bash
# A status script in the manner of claude-auth-status (gateway-family.md 15), which asks the family's command: put
# our program under that name and each of its forms says of each state what it is to say.
# shellcheck disable=SC2015,SC2016 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"
command -v jq >/dev/null || skip "no jq"
umask 077

mkdir "$work/shim"
ln -s "$(realpath "$tfb")" "$work/shim/moltbot"
cat >"$work/shim/auth-status" <<'EOS'
#!/usr/bin/env bash
# auth-status full|json|simple
set -euo pipefail
status=$(moltbot models status --json 2>/dev/null || true)
ask() { jq -r "$1" <<<"$status"; }
# Of some kinds of anthropic's profiles: the latest end, 0 when none has one.
ends() { ask "[.auth.oauth.profiles[] | select(.provider == \"anthropic\" and ($1)) | .expiresAt // 0] | max // 0"; }
claude=$(ends '.type == "oauth" or .type == "token"')
gateway=$(ends '.type == "oauth"')
best=$(ask '[.auth.oauth.profiles[] | select(.provider == "anthropic" and .type == "oauth")] | sort_by(.expiresAt // 0)
	| last | .profileId // "none"')
keys=$(ask '[.auth.providers[] | select(.provider == "anthropic") | .profiles.apiKey] | max // 0')
word() { # END
	local left=$(($1 / 1000 - $(date +%s)))
	if [ "$1" -le 0 ]; then
		echo MISSING
	elif [ $left -lt 0 ]; then
		echo EXPIRED
	elif [ $left -lt 3600 ]; then
		echo "EXPIRING:$((left / 60))m"
	else
		echo "OK:$((left / 3600))h$((left % 3600 / 60))m"
	fi
}
claude_word=$(word "$claude")
gateway_word=$(word "$gateway")
if [ "$gateway" -le 0 ] && [ "$keys" -gt 0 ]; then gateway_word=OK:static; fi
case ${1:-full} in
json)
	jq -nc --arg c "$claude_word" --arg g "$gateway_word" --argjson ce "$claude" --argjson ge "$gateway" \
		'{claude: {status: $c, expires_at_ms: $ce}, gateway: {status: $g, expires_at_ms: $ge},
		  needs_reauth: ([$c, $g] | any(startswith("OK") | not))}'
	;;
simple)
	case $claude_word,$gateway_word in
	EXPIRED*,* | MISSING*,*) echo CLAUDE_EXPIRED && exit 1 ;;
	*,EXPIRED* | *,MISSING*) echo GATEWAY_EXPIRED && exit 1 ;;
	EXPIRING*,*) echo CLAUDE_EXPIRING && exit 2 ;;
	*,EXPIRING*) echo GATEWAY_EXPIRING && exit 2 ;;
	*) echo OK ;;
	esac
	;;
full) printf 'Claude Code: %s\nGateway: %s\nProfile: %s\nKeys: %s\n' "$claude_word" "$gateway_word" "$best" "$keys" ;;
esac
EOS
chmod +x "$work/shim/auth-status"
export PATH=$work/shim:$PATH

now=$(date +%s)000
hour=3600000
entry() { # NAME TYPE FIELD [MILLISECONDS FROM NOW]
	printf '"anthropic:%s":{"type":"%s","provider":"anthropic","%s":"sk-ant-EXAMPLE-not-a-real-key"%s}' \
		"$1" "$2" "$3" "${4:+,\"expires\":$((now + $4))}"
}
key=$(entry default api_key key)
token() { entry manual token token "$@"; }
login() { entry me oauth access "$@"; }

# state PROFILES CLAUDE GATEWAY BEST KEYS SIMPLE STATUS: CLAUDE and GATEWAY are patterns
state() {
	local rc=0
	mkdir -p "$(dirname "$profiles")"
	printf '{"version":1,"profiles":{%s}}\n' "$1" >"$profiles"
	auth-status full >"$work/out"
	grep -qE "^Claude Code: $2$" "$work/out" && grep -qE "^Gateway: $3$" "$work/out" || fail "$1: $(cat "$work/out")"
	says "Profile: $4" "$1"
	says "Keys: $5" "$1"
	auth-status simple >"$work/out" || rc=$?
	[ "$(cat "$work/out")" = "$6" ] && [ $rc = "$7" ] || fail "$1: $rc: $(cat "$work/out")"
	auth-status json >"$work/out"
	jq -e --arg c "^$2\$" --arg g "^$3\$" '(.claude.status | test($c)) and (.gateway.status | test($g))
		and .needs_reauth == ([.claude.status, .gateway.status] | any(startswith("OK") | not))' \
		"$work/out" >/dev/null || fail "$1: $(cat "$work/out")"
}
: >"$work/err"
ok='OK:[45]h[0-9]+m'
soon='EXPIRING:[23][0-9]m'
state "$(login $((5 * hour)))" "$ok" "$ok" anthropic:me 0 OK 0
state "$(login $((hour / 2)))" "$soon" "$soon" anthropic:me 0 CLAUDE_EXPIRING 2
state "$(login -$hour)" EXPIRED EXPIRED anthropic:me 0 CLAUDE_EXPIRED 1
state "$(login)" MISSING MISSING anthropic:me 0 CLAUDE_EXPIRED 1
state "$(token $((5 * hour)))" "$ok" MISSING none 0 GATEWAY_EXPIRED 1
state "$key,$(token $((5 * hour)))" "$ok" OK:static none 1 OK 0
state "$key,$(token $((hour / 2)))" "$soon" OK:static none 1 CLAUDE_EXPIRING 2
state "$key,$(token -$hour)" EXPIRED OK:static none 1 CLAUDE_EXPIRED 1
state "$key,$(token $((5 * hour))),$(login $((hour / 2)))" "$ok" "$soon" anthropic:me 1 GATEWAY_EXPIRING 2
state "$(token),$key" MISSING OK:static none 1 CLAUDE_EXPIRED 1
state "$key" MISSING OK:static none 1 CLAUDE_EXPIRED 1
state "" MISSING MISSING none 0 CLAUDE_EXPIRED 1

# What was pasted here and sealed is told like what stands in the file.
rm "$profiles"
make_token >"$work/token"
run_tfb models auth paste-token --provider anthropic --expires-in 290m --key-file "$work/token" --no-verify
ends_with 0 "a token for five hours"
[[ $(auth-status full) == *"Claude Code: OK:4h"* ]] || fail "a sealed token: $(auth-status full)"

# status --watch: a line when something changes, and nothing else.
"$tfb" status --watch >"$work/watched" 2>"$work/watch.err" &
watcher=$!
poll 'grep -q "^Watching 1 credential" "$work/watch.err"' || fail "it does not watch"
run_tfb models auth paste-token --provider anthropic --expires-in 30d --key-file "$work/token" --no-verify
ends_with 0 "the same token, with another end"
poll 'grep -qE "^[0-9:]{8} anthropic:manual untested$" "$work/watched"' || fail "not told: $(cat "$work/watched")"
mv "$vault" "$work/vault"
poll 'grep -qE "^[0-9:]{8} anthropic:manual (missing|locked)$" "$work/watched"' || fail "not told: $(cat "$work/watched")"
kill $watcher
wait $watcher 2>/dev/null || true
[ ! -s "$work/watched" ] || [ "$(wc -l <"$work/watched")" -le 4 ] || fail "too much: $(cat "$work/watched")"
