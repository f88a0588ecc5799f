#!/usr/bin/env bash
# Files that others wrote keep every byte that is not ours: .env with comments, CRLF, export, duplicates and
# no final newline; a JSON5 configuration with comments; a store with unknown members and 20-digit numbers.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

mkdir -p -m 700 "$state" "$state/agents" "$state/agents/main" "$state/agents/main/agent"
umask 077
key=$(make_key)
keys=$HOME/.local/share/thinkfleetbot/keys

# --- before and after, by hand ------------------------------------------------------------------------

cat >"$work/env.tail" <<'EOF'
PATH_LIKE=a\nb:$HOME/`x`
# a comment with \
EOF
{
	printf '# my gateway\r\nexport TELEGRAM_BOT_TOKEN="12345:abc" # the bot\r\n\r\n'
	printf "OPENAI_API_KEY=sk-old-one\nOPENAI_API_KEY='sk-old-two'\n"
} >"$work/env.head"
{
	cat "$work/env.head"
	printf '  ANTHROPIC_API_KEY = "sk-ant-api03-ENVOLD0000000000"   # soon sealed\r\n'
	cat "$work/env.tail"
	printf 'LAST=no newline at the end'
} >"$state/.env"
{
	cat "$work/env.head" "$work/env.tail"
	printf 'LAST=no newline at the end\r\nTHINKFLEETBOT_SEALED_ANTHROPIC_API_KEY=main/anthropic:default/key\r\n'
} >"$work/env.wanted"

# configuration MODEL MORE-MEMBERS: as a person wrote it
configuration() {
	cat <<-EOF
		// the gateway of the kitchen
		{
		  /* JSON5: single quotes, trailing commas, a number like 0x10 */
		  'gateway': { port: 0x4A3B, bind: "loopback", big: 12345678901234567890, },
		  models: {
		    providers: {
		      ollama: { baseUrl: 'http://127.0.0.1:11434', apiKey: 'ollama-local', models: [ ], },
		    },
		  },
		  agents: { defaults: { model: $1 /* the old one */, workspace: '~/work', }, },
		  channels : {telegram:{enabled:true , allowFrom: [ +1, -0.5e3, ],},}, // done
	EOF
	printf '%s}\n' "$2"
}
configuration "'openai/gpt-5.2'" "" >"$config"
configuration '"anthropic/claude-opus-4-5"' "  secrets : {
    \"providers\" : {
      \"thinkfleetbot\" : {
        \"source\" : \"exec\",
        \"command\" : \"$state/bin/thinkfleetbot-resolve\",
        \"args\" : [
          \"--state-dir\",
          \"$state\",
          \"--key-dir\",
          \"$keys\"
        ],
        \"passEnv\" : [
          \"CREDENTIALS_DIRECTORY\"
        ],
        \"timeoutMs\" : 5000,
        \"jsonOnly\" : true
      }
    }
  },
  auth : {
    \"profiles\" : {
      \"anthropic:default\" : {
        \"provider\" : \"anthropic\",
        \"mode\" : \"api_key\"
      }
    }
  },
" >"$work/config.wanted"

# store KEY-MEMBER REFERENCE
store() {
	cat <<-EOF
		{
		    "version": 1, "note" : "kept by hand",
		    "profiles": {
		        "anthropic:default": {"type":"api_key","provider":"anthropic","key":"$1","email":"me@example.org","x-number": 12345678901234567890$2},
		        "openai-codex:default": { "type": "oauth", "provider": "openai-codex", "access": "eyJ\u0041", "refresh": "rt_1", "expires": 1795329682788, "accountId": "acct_1" },
		        "groq:default": { "type": "api_key", "provider": "groq", "key": "gsk_EXAMPLE", "future": { "a": [1, 2.50, 1e400] } }
		    },
		    "lastGood": {"anthropic":"anthropic:default"},
		    "usageStats": { "groq:default": {"lastUsed": 1795329678788, "errorCount": 0} },
		    "unknownTop": [ 98765432109876543210, null, true ]
		}
	EOF
}
old=sk-ant-api03-PLAINOLD000000000000000
store $old "" >"$profiles"
store "" ',"keyRef": {"source": "exec","provider": "thinkfleetbot","id": "main/anthropic:default/key"}' \
	>"$work/profiles.wanted"

# --- sealing a key in it --------------------------------------------------------------------------------

onboard_key anthropic "$key" --method api-key --no-verify --model anthropic/claude-opus-4-5
ends_with 0 "sealing"
for pair in "env $state/.env" "config $config" "profiles $profiles"; do
	read -r name path <<<"$pair"
	cmp "$work/$name.wanted" "$path" || {
		diff <(cat -A "$work/$name.wanted") <(cat -A "$path") >&2 || true
		fail "$path differs"
	}
	[ "$(mode_of "$path")" = 600 ] || fail "$path has mode $(mode_of "$path")"
done

# What was plain is sealed, not lost: the profile's old key, and another one of the variable.
resolve main/anthropic:default/key main/anthropic:default/key/prev main/env:ANTHROPIC_API_KEY/key
json_true "d['values'] == {'main/anthropic:default/key': '$key',
	'main/anthropic:default/key/prev': '$old',
	'main/env:ANTHROPIC_API_KEY/key': 'sk-ant-api03-ENVOLD0000000000'} and not d['errors']" "$work/answer"
no_secret "$key"
if grep -rqF -e PLAINOLD -e ENVOLD "$HOME"; then fail "an old key is still in plain text"; fi

# A second time nothing at all is written but the note of the check.
before=$(home_state | grep -vE 'checks\.json|\.lock')
onboard_key anthropic "$key" --method api-key --no-verify --model anthropic/claude-opus-4-5
ends_with 0 "again"
after=$(home_state | grep -vE 'checks\.json|\.lock')
[ "$before" = "$after" ] || { diff <(echo "$before") <(echo "$after") >&2 || true; fail "the same again changed a file"; }

# --- plain text and back: only our lines come and go ------------------------------------------------------

onboard_key anthropic "$key" --method api-key --no-verify --keep plain
ends_with 0 "plain"
{
	cat "$work/env.head" "$work/env.tail"
	printf 'LAST=no newline at the end\r\nANTHROPIC_API_KEY=%s\r\n' "$key"
} >"$work/env.plain"
cmp "$work/env.plain" "$state/.env" || fail ".env with plain text differs: $(cat -A "$state/.env")"
configuration '"anthropic/claude-opus-4-5"' "" | sed -n 1,11p >"$work/config.head"
head -n 11 "$config" | cmp - "$work/config.head" || fail "the configuration's own lines differ"
onboard_key anthropic "$key" --method api-key --no-verify
ends_with 0 "sealed again"
cmp "$work/env.wanted" "$state/.env" || fail ".env sealed again differs: $(cat -A "$state/.env")"

# --- a gateway of January 2026: its own file names, plain-text profiles, no references ----------------------

fresh_home
old_state=$HOME/.clawdbot
mkdir -p -m 700 "$old_state/agents/main/agent"
printf '{ gateway: { port: 18789 }, }\n' >"$old_state/clawdbot.json"
store $old "" >"$old_state/agents/main/agent/auth-profiles.json"
store "" ',"keyRef": {"source": "exec","provider": "thinkfleetbot","id": "main/anthropic:default/key"}' \
	>"$work/profiles.wanted"
onboard_key anthropic "$key" --method api-key --no-verify --state-dir "$old_state"
ends_with 0 "a January gateway"
cmp "$work/profiles.wanted" "$old_state/agents/main/agent/auth-profiles.json" || fail "its store differs"
[ ! -e "$old_state/thinkfleetbot.json" ] || fail "a second configuration was made"
if grep -q secrets "$old_state/clawdbot.json"; then fail "its configuration has a member that it refuses"; fi
grep -qF 'gateway: { port: 18789 }' "$old_state/clawdbot.json" || fail "its configuration lost something"
run_tfb --state-dir "$old_state" run -- sh -c 'printf %s "$ANTHROPIC_API_KEY"'
ends_with 0 "run for a January gateway"
[ "$(cat "$work/out")" = "$key" ] || fail "run for a January gateway: another value"
