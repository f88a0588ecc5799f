#!/usr/bin/env bash
# models list, set, set-image, aliases, fallbacks, image-fallbacks and auth cooldown: the family's texts, one edit of
# one file that keeps every other byte, and what each refuses.
# shellcheck disable=SC2015,SC2119,SC2174 source=tests/e2e/lib.sh
source "$(dirname "$0")/lib.sh"

# write_config TEXT
write_config() {
	mkdir -p -m 700 "$state"
	printf '%s\n' "$1" >"$config"
	chmod 600 "$config"
}

# prints TEXT ARGUMENT...: exactly that, with status 0 and nothing on stderr
prints() {
	local text=$1
	shift
	run_tfb "$@"
	ends_with 0 "$*"
	[ "$(cat "$work/out")" = "$text" ] || {
		diff <(echo "$text") "$work/out" >&2 || true
		fail "$*: other words"
	}
	[ ! -s "$work/err" ] || fail "$*: $(cat "$work/err")"
}

# refuses STATUS TEXT ARGUMENT...: and no file changes
refuses() {
	local wanted=$1 text=$2 before
	shift 2
	before=$(sha256sum "$config")
	run_tfb "$@"
	ends_with "$wanted" "$*"
	says "$text" "$*"
	[ "$(sha256sum "$config")" = "$before" ] || fail "$*: changed the configuration"
}

# has TEXT: the configuration is exactly that
has() {
	[ "$(cat "$config")" = "$1" ] && return
	diff <(echo "$1") "$config" >&2 || true
	fail "the configuration is not what it should be"
}

updated="Updated ~/.thinkfleetbot/thinkfleetbot.json"
none="" # no tags: the line ends in a blank
same="Unchanged ~/.thinkfleetbot/thinkfleetbot.json"

# --- nothing is configured yet -----------------------------------------------------------------------------------

prints "Fallbacks (0):
- none" models fallbacks list
prints "Aliases (0):
- none" models aliases list
[ ! -e "$state" ] || fail "a list made something"
prints "$updated
Default model: openai/gpt-5.2" models set openai/gpt-5.2
[ "$(mode_of "$config")" = 600 ] || fail "the mode of the configuration"
prints openai/gpt-5.2 models status --plain

# --- a configuration with comments ----------------------------------------------------------------------------------

write_config "{
  // mine
  agents: {
    defaults: {
      model: 'anthropic/claude-opus-4-5', // the best
      models: { 'anthropic/claude-opus-4-5': { alias: 'Opus', params: { a: 0x10 } } },
    },
  },
}"
prints "$updated
Default model: openai/gpt-5.2" models set openai/gpt-5.2
has "{
  // mine
  agents: {
    defaults: {
      model: \"openai/gpt-5.2\", // the best
      models: { 'anthropic/claude-opus-4-5': { alias: 'Opus', params: { a: 0x10 } }, \"openai/gpt-5.2\": {} },
    },
  },
}"
prints "$updated
Default model: anthropic/claude-opus-4-5" models set opus
prints "$same
Default model: anthropic/claude-opus-4-5" models set anthropic/opus-4.5
prints "$updated
Fallbacks: openai/gpt-5.2" models fallbacks add openai/gpt-5.2
prints "$same
Fallbacks: openai/gpt-5.2" models fallbacks add openai/gpt-5.2
prints "$updated
Fallbacks: openai/gpt-5.2, mistral/mistral-large-latest" models fallbacks add mistral/mistral-large-latest
prints "Fallbacks (2):
- openai/gpt-5.2
- mistral/mistral-large-latest" models fallbacks list
prints "openai/gpt-5.2
mistral/mistral-large-latest" models fallbacks list --plain
run_tfb models fallbacks list --json
json_true 'd == {"fallbacks": ["openai/gpt-5.2", "mistral/mistral-large-latest"]}' "$work/out" "fallbacks --json"
prints "$updated
Image model: google/gemini-3-pro-preview" models set-image google/gemini-3-pro
prints "$updated
Image fallbacks: openai/gpt-5.2" models image-fallbacks add openai/gpt-5.2
prints "Image fallbacks (1):
- openai/gpt-5.2" models image-fallbacks list

# --- models list ------------------------------------------------------------------------------------------------------

OPENAI_API_KEY=sk-test-0000000000000000 prints \
	"Model                                      Input      Ctx      Local Auth  Tags
anthropic/claude-opus-4-5                  -          -        no    no    default,configured,alias:Opus
openai/gpt-5.2                             -          -        no    yes   fallback#1,img-fallback#1,configured
mistral/mistral-large-latest               -          -        no    no    fallback#2,configured
google/gemini-3-pro-preview                -          -        no    no    image,configured" models list
prints "openai/gpt-5.2" models list --plain --provider OpenAI
run_tfb models list --json
json_true 'd["count"] == 4 and d["models"][0] == {"key": "anthropic/claude-opus-4-5", "name": "claude-opus-4-5",
	"input": "-", "contextWindow": None, "local": False, "available": False,
	"tags": ["default", "configured", "alias:Opus"], "missing": False}
	and list(d["models"][0]) == ["key","name","input","contextWindow","local","available","tags","missing"]' \
	"$work/out" "models list --json"
run_tfb models list --all --plain
[ "$(wc -l <"$work/out")" -gt 20 ] && sort -c "$work/out" || fail "models list --all"
run_tfb models list --all --local --json
json_true 'd["count"] > 0 and all(m["local"] and m["available"] for m in d["models"])' "$work/out" "--local"
prints "No models found." models list --provider nothing

# Those of the user's own servers, after the others, with what is known of them.
before=$(cat "$config")
write_config '{
  agents: { defaults: { model: "anthropic/claude-opus-4-5" } },
  models: { providers: { "my-proxy": { baseUrl: "http://127.0.0.1:9/v1", models: [
    { id: "big", name: "Big One", input: ["text", "image"], contextWindow: 200000 }, { id: "small" },
  ] } } },
}'
prints "Model                                      Input      Ctx      Local Auth  Tags
anthropic/claude-opus-4-5                  -          -        no    no    default
my-proxy/big                               text+image 195k     yes   yes   $none
my-proxy/small                             -          -        yes   yes   $none" models list
prints "anthropic/claude-opus-4-5
my-proxy/big
my-proxy/small" models list --plain
run_tfb models list --json --provider my-proxy
json_true 'd["count"] == 2 and d["models"][0] == {"key": "my-proxy/big", "name": "Big One", "input": "text+image",
	"contextWindow": 200000, "local": True, "available": True, "tags": [], "missing": False}' \
	"$work/out" "models.providers in models list"
write_config "$before"

# --- taking out ---------------------------------------------------------------------------------------------------------

refuses 66 "Fallback not found: openai/gpt-5-mini" models fallbacks remove openai/gpt-5-mini
refuses 66 "Image fallback not found: openai/gpt-5-mini" models image-fallbacks remove openai/gpt-5-mini
prints "$updated
Fallbacks: mistral/mistral-large-latest" models fallbacks remove openai/gpt-5.2
prints "$updated
Fallback list cleared." models fallbacks clear
prints "$same
Fallback list cleared." models fallbacks clear
prints "$updated
Image fallback list cleared." models image-fallbacks clear
grep -qF "// mine" "$config" && grep -qF "params: { a: 0x10 }" "$config" || fail "comments or spelling went"

# --- aliases ---------------------------------------------------------------------------------------------------------------

prints "$updated
Alias fast -> openai/gpt-5-mini" models aliases add fast openai/gpt-5-mini
prints "Aliases (2):
- Opus -> anthropic/claude-opus-4-5
- fast -> openai/gpt-5-mini" models aliases list
prints "Opus anthropic/claude-opus-4-5
fast openai/gpt-5-mini" models aliases list --plain
run_tfb models aliases list --json
json_true 'd == {"aliases": {"Opus": "anthropic/claude-opus-4-5", "fast": "openai/gpt-5-mini"}}' "$work/out" \
	"aliases --json"
prints "$updated
Default model: openai/gpt-5-mini" models set FAST
refuses 64 "Alias fast already points to openai/gpt-5-mini." models aliases add fast anthropic/claude-opus-4-5
refuses 64 "Alias must use letters, numbers, dots, underscores, colons, or dashes." models aliases add "a b" x/y
refuses 64 "Alias cannot be empty." models aliases add "" x/y
refuses 64 "Invalid model reference: " models aliases add x " "
refuses 66 "Alias not found: slow" models aliases remove slow
refuses 64 "Invalid model reference: " models set ""
refuses 64 "missing argument" models set
refuses 64 "Choose either --json or --plain, not both." models list --json --plain
prints "$updated" models aliases remove fast
prints "$updated
No aliases configured." models aliases remove Opus

# The first alias turns the list of allowed models on: that is said.
write_config '{}'
run_tfb models aliases add fast openai/gpt-5-mini
ends_with 0 "the first alias"
says "only the default model and openai/gpt-5-mini may be used" "the first alias"

# --- what may not be edited ---------------------------------------------------------------------------------------------

write_config '{ agents: { $include: "agents.json5" } }'
refuses 77 'may come from an $include file' models set openai/gpt-5.2
refuses 77 'may come from an $include file' models fallbacks add openai/gpt-5.2
refuses 77 'may come from an $include file' models aliases add x openai/gpt-5.2
write_config '{ agents: '
refuses 65 "thinkfleetbot.json" models set openai/gpt-5.2
refuses 65 "thinkfleetbot.json" models fallbacks list

# --- cooldowns --------------------------------------------------------------------------------------------------------------

write_config '{}'
mkdir -p -m 700 "$(dirname "$profiles")"
later=4102444800000
cat >"$profiles" <<-EOF2
	{"version":1,"profiles":{
	  "openai:a":{"type":"api_key","provider":"openai","key":"sk-test-1111111111111111"},
	  "openai:b":{"type":"api_key","provider":"openai","key":"sk-test-2222222222222222"},
	  "xai:c":{"type":"api_key","provider":"xai","key":"xai-test-333333333333333"}},
	 "usageStats":{
	  "openai:a":{"lastUsed":5,"errorCount":3,"cooldownUntil":$later,"failureCounts":{"rate_limit":3}},
	  "openai:b":{"errorCount":1,"disabledUntil":$later,"disabledReason":"billing"},
	  "xai:c":{"lastUsed":9,"errorCount":0}}}
EOF2
chmod 600 "$profiles"
run_tfb models auth cooldown list
ends_with 0 "cooldown list"
grep -qE '^openai:a +cooldown +- +2100-01-01' "$work/out" && grep -qE '^openai:b +disabled +billing ' "$work/out" &&
	[ "$(wc -l <"$work/out")" = 3 ] || fail "cooldown list: $(cat "$work/out")"
run_tfb models auth cooldown list --json --provider openai
json_true "[list(p) for p in d['unusableProfiles']] == [['profileId','provider','kind','until','remainingMs'],
	['profileId','provider','kind','reason','until','remainingMs']]" "$work/out" "cooldown list --json"
run_tfb models auth cooldown clear openai:x
ends_with 66 "an unknown profile"
run_tfb models auth cooldown clear
ends_with 64 "no profile"
run_tfb models auth cooldown clear openai:a --all
ends_with 64 "two ways"
prints "Agent: main
Cleared cooldowns of 1 profile." models auth cooldown clear openai:a
json_true "d['usageStats']['openai:a'] == {'lastUsed': 5, 'errorCount': 0} and
	d['usageStats']['openai:b']['disabledReason'] == 'billing' and len(d['profiles']) == 3" "$profiles" "cleared"
before=$(sha256sum "$profiles")
prints "Agent: main
Cleared cooldowns of 0 profiles." models auth cooldown clear --provider xai
[ "$(sha256sum "$profiles")" = "$before" ] || fail "nothing to clear, and the file changed"
prints "Agent: main
Cleared cooldowns of 1 profile." models auth cooldown clear --all
prints "No profile is in cooldown or disabled." models auth cooldown list
# Where later gateways keep them.
printf '{"version":1,"usageStats":{"openai:a":{"errorCount":2,"cooldownUntil":%s}}}\n' $later \
	>"${profiles%/*}/auth-state.json"
chmod 600 "${profiles%/*}/auth-state.json"
prints "Agent: main
Cleared cooldowns of 1 profile." models auth cooldown clear openai:a
json_true "d['usageStats']['openai:a'] == {'errorCount': 0}" "${profiles%/*}/auth-state.json" "auth-state.json"
