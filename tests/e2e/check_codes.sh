#!/usr/bin/env bash
# `models status`: its exit statuses over a table of stores, its JSON, and `models auth order`.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

mkdir -p -m 700 "$state" "$state/agents" "$state/agents/main" "$state/agents/main/agent"
umask 077
now=$(date +%s)000
day=86400000
soon=$((now + day / 2))
later=$((now + 30 * day))
past=$((now - day))

# profile KIND [EXPIRES]: one entry of a store
profile() {
	case $1 in
	key) printf '{"type":"api_key","provider":"anthropic","key":"sk-ant-api03-EXAMPLE-not-a-real-key-0001"}' ;;
	token) printf '{"type":"token","provider":"anthropic","token":"sk-ant-oat01-EXAMPLE-not-a-real-key-0002"%s}' "${2:+,\"expires\":$2}" ;;
	oauth) printf '{"type":"oauth","provider":"openai-codex","access":"eyJ-EXAMPLE","refresh":"rt-EXAMPLE"%s}' "${2:+,\"expires\":$2}" ;;
	esac
}

# check NAME STATUS MODEL PROFILE...: --check on a store with these profiles
check() {
	local name=$1 wanted=$2 model=$3 i=0 entries='' entry
	shift 3
	for entry in "$@"; do
		entries+=${entries:+,}"\"anthropic:p$i\":$entry"
		i=$((i + 1))
	done
	printf '{"version":1,"profiles":{%s}}\n' "$entries" >"$profiles"
	printf '{"agents":{"defaults":{"model":"%s"}}}\n' "$model" >"$config"
	local form
	for form in "" --json --plain; do
		# shellcheck disable=SC2086
		run_tfb models status --check $form
		ends_with "$wanted" "$name ($form)"
		[ -s "$work/out" ] || fail "$name ($form): nothing was printed"
	done
}

claude=anthropic/claude-opus-4-5
check "an API key" 0 $claude "$(profile key)"
check "a token without a date" 0 $claude "$(profile token)"
check "a token for a month" 0 $claude "$(profile token $later)"
check "a token for half a day" 2 $claude "$(profile token $soon)"
check "a token of yesterday" 1 $claude "$(profile token $past)"
check "a spare token of yesterday" 1 $claude "$(profile key)" "$(profile token $past)"
check "expired and expiring" 1 $claude "$(profile token $soon)" "$(profile token $past)"
check "a key and a token for half a day" 2 $claude "$(profile key)" "$(profile token $soon)"
check "an OAuth login of yesterday" 1 $claude "$(profile key)" "$(profile oauth $past)"
check "an OAuth login for half a day" 2 $claude "$(profile key)" "$(profile oauth $soon)"
check "an OAuth login without a date" 1 $claude "$(profile key)" "$(profile oauth)"
check "no credential for the default model" 1 mistral/mistral-large-latest "$(profile key)"
check "no profile at all" 1 $claude
check "a date of 0" 0 $claude "$(profile token 0)"

# What counts as expiring can be said; the environment is a credential too.
check "a token for a month" 0 $claude "$(profile token $later)"
run_tfb models status --check --warn-within 60d
ends_with 2 "--warn-within 60d"
printf '{"agents":{"defaults":{"model":"mistral/mistral-large-latest"}}}\n' >"$config"
MISTRAL_API_KEY=EXAMPLE-not-a-real-key-00000001 run_tfb models status --check --plain
ends_with 0 "a key in the environment"
[ "$(cat "$work/out")" = mistral/mistral-large-latest ] || fail "--plain: $(cat "$work/out")"
rm "$profiles" "$config"
run_tfb models status --check
ends_with 1 "nothing at all"
run_tfb models status --json --plain
ends_with 64 "--json --plain"
says "Choose either --json or --plain, not both." "--json --plain"
run_tfb models --status-json
ends_with 0 "models --status-json"

# A sealed token that cannot be opened is not a working one.
onboard_key anthropic "$(make_token)" --no-verify --expires-in 90d
ends_with 0 "a sealed token"
run_tfb models status --check
ends_with 0 "a sealed token"
mv "$HOME/.local/share/thinkfleetbot/keys" "$work/keys"
run_tfb models status --check
ends_with 1 "a sealed token without its key"
fresh_home
mkdir -p -m 700 "$state/agents/main/agent"

# --- the JSON document (gateway-family.md 8.3) ---------------------------------------------------------

cat >"$profiles" <<-EOF
	{ "version": 1, "profiles": {
	  "anthropic:default": $(profile key),
	  "anthropic:manual": $(profile token $soon),
	  "openai-codex:default": $(profile oauth $past) },
	  "usageStats": { "anthropic:manual": { "disabledUntil": $soon, "disabledReason": "billing" } } }
EOF
cat >"$config" <<-'EOF'
	{ agents: { defaults: { model: { primary: "opus", fallbacks: ["mistral/mistral-large-latest"] },
	  models: { "anthropic/claude-opus-4-5": { alias: "Opus" }, "openrouter/moonshotai/kimi-k2": {} } } } }
EOF
GROQ_API_KEY=gsk_EXAMPLEnotarealkey000000000000000000000000000000000FAKE run_tfb models status --json
ends_with 0 "--json"
says_not "not-a-real" "--json"
says_not EXAMPLEnot "--json"
[ ! -s "$work/err" ] || fail "--json wrote on stderr"
python3 - "$work/out" "$HOME" "$soon" <<-'EOF' || { show_output; fail "the JSON document"; }
	import json, sys
	d, home, soon = json.load(open(sys.argv[1])), sys.argv[2], int(sys.argv[3])
	state, tilde = home + "/.thinkfleetbot", "~/.thinkfleetbot"
	a = d["auth"]
	def same(have, want):
	    assert have == want, f"{have!r} is not {want!r}"
	same(list(d)[:10], ["configPath", "agentDir", "defaultModel", "resolvedDefault", "fallbacks", "imageModel",
	                    "imageFallbacks", "aliases", "allowed", "auth"])
	same(d["configPath"], state + "/thinkfleetbot.json")
	same(d["agentDir"], state + "/agents/main/agent")
	same(d["resolvedDefault"], "anthropic/claude-opus-4-5")
	same(d["fallbacks"], ["mistral/mistral-large-latest"])
	same(d["imageModel"], None)
	same(d["aliases"], {"Opus": "anthropic/claude-opus-4-5"})
	same(sorted(d["allowed"]), ["anthropic/claude-opus-4-5", "openrouter/moonshotai/kimi-k2"])
	for name in ("storePath", "shellEnvFallback", "providersWithOAuth", "missingProvidersInUse", "providers",
	             "unusableProfiles", "oauth"):
	    assert name in a, name
	assert "probes" not in a
	same(a["storePath"], state + "/agents/main/agent/auth-profiles.json")
	same(a["shellEnvFallback"], {"enabled": False, "appliedKeys": []})
	same(a["providersWithOAuth"], ["anthropic (1)", "openai-codex (1)"])
	same(a["missingProvidersInUse"], ["mistral"])
	same([p["provider"] for p in a["providers"]], ["anthropic", "groq", "openai-codex"])
	p = a["providers"][0]
	same(p["effective"], {"kind": "profiles", "detail": tilde + "/agents/main/agent/auth-profiles.json"})
	same([p["profiles"][m] for m in ("count", "oauth", "token", "apiKey")], [2, 0, 1, 1])
	same(len(p["profiles"]["labels"]), 2)
	assert p["profiles"]["labels"][1].startswith("anthropic:manual=token:"), p
	assert "[disabled:billing " in p["profiles"]["labels"][1], p
	g = a["providers"][1]
	same(g["effective"]["kind"], "env")
	same(g["env"]["source"], "env: GROQ_API_KEY")
	same(g["profiles"], {"count": 0, "oauth": 0, "token": 0, "apiKey": 0, "labels": []})
	u = a["unusableProfiles"][0]
	same([u[m] for m in ("profileId", "provider", "kind", "reason", "until")],
	     ["anthropic:manual", "anthropic", "disabled", "billing", soon])
	assert 0 < u["remainingMs"] <= 43200000
	same(a["oauth"]["warnAfterMs"], 86400000)
	rows = a["oauth"]["profiles"]
	same([(r["profileId"], r["provider"], r["type"], r["status"], r["source"], r["label"]) for r in rows],
	     [("anthropic:default", "anthropic", "api_key", "static", "store", "anthropic:default"),
	      ("anthropic:manual", "anthropic", "token", "expiring", "store", "anthropic:manual"),
	      ("openai-codex:default", "openai-codex", "oauth", "expired", "store", "openai-codex:default")])
	assert "expiresAt" not in rows[0] and rows[1]["expiresAt"] == soon and rows[2]["remainingMs"] < 0
	by = {p["provider"]: p for p in a["oauth"]["providers"]}
	same(by["anthropic"]["status"], "expiring")
	same(by["openai-codex"]["status"], "expired")
	same((by["groq"]["status"], by["groq"]["profiles"]), ("missing", []))
EOF

# The expressions of the family's monitoring script.
if command -v jq >/dev/null; then
	[ "$(jq -r '.auth.oauth.profiles[] | select(.type == "oauth") | "\(.provider) \(.profileId)"' "$work/out")" = \
		"openai-codex openai-codex:default" ] || fail "jq: the OAuth profiles"
	[ "$(jq '.auth.providers[] | select(.provider=="anthropic") | .profiles.apiKey' "$work/out")" = 1 ] ||
		fail "jq: API keys of anthropic"
	[ "$(jq -c '[.auth.oauth.profiles[] | {provider,type,expiresAt,profileId}] | length' "$work/out")" = 3 ] ||
		fail "jq: the profiles"
fi

# --- models auth order -----------------------------------------------------------------------------------

# order NAME STATUS ARGUMENT...: what it prints is on stdin
order() {
	local name=$1 wanted=$2
	shift 2
	cat >"$work/wanted"
	run_tfb models auth order "$@"
	ends_with "$wanted" "$name"
	cmp "$work/wanted" "$work/out" || { show_output; fail "$name: other words"; }
}
order "get, none set" 0 get --provider anthropic <<-'EOF'
	Agent: main
	Provider: anthropic
	Auth file: ~/.thinkfleetbot/agents/main/agent/auth-profiles.json
	Order override: (none)
EOF
order "set" 0 set --provider Anthropic anthropic:manual anthropic:default anthropic:manual <<-'EOF'
	Agent: main
	Provider: anthropic
	Order override: anthropic:manual, anthropic:default
EOF
order "get" 0 get --provider anthropic <<-'EOF'
	Agent: main
	Provider: anthropic
	Auth file: ~/.thinkfleetbot/agents/main/agent/auth-profiles.json
	Order override: anthropic:manual, anthropic:default
EOF
run_tfb models auth order get --provider anthropic --json
json_true "d == {'agentId': 'main', 'agentDir': '$state/agents/main/agent', 'provider': 'anthropic',
	'authStorePath': '~/.thinkfleetbot/agents/main/agent/auth-profiles.json',
	'order': ['anthropic:manual', 'anthropic:default']}" "$work/out" "order get --json"
json_true 'd["order"] == {"anthropic": ["anthropic:manual", "anthropic:default"]}' "$profiles"
before=$(home_state)
run_tfb models auth order set --provider anthropic anthropic:nobody
says "Auth profile \"anthropic:nobody\" not found in $state/agents/main/agent." "an unknown profile"
[ "$status" != 0 ] || fail "an unknown profile was taken"
run_tfb models auth order set --provider anthropic openai-codex:default
says 'Auth profile "openai-codex:default" is for openai-codex, not anthropic.' "another provider's profile"
[ "$status" != 0 ] || fail "another provider's profile was taken"
run_tfb models auth order get
ends_with 64 "no provider"
says "Missing --provider." "no provider"
unchanged "$before" "refused orders"
order "clear" 0 clear --provider anthropic <<-'EOF'
	Agent: main
	Provider: anthropic
	Cleared per-agent order override.
EOF
order "clear again" 0 clear --provider anthropic <<-'EOF'
	Agent: main
	Provider: anthropic
	Cleared per-agent order override.
EOF
json_true '"order" not in d and len(d["profiles"]) == 3' "$profiles"
