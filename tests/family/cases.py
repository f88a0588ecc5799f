"""Stores, configurations and environments for the comparison with a real gateway.

Every case is made from its number alone, so that the answers recorded once (record.py) belong to the
cases that are made today. Points in time are texts "@T+MILLISECONDS", from now on: a case means the
same whenever it runs. No value is a real key.
"""

import json
import re

COUNT = 340
MINUTE = 60000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

PROVIDERS = ["anthropic", "openai", "openai-codex", "openrouter", "groq", "mistral", "google", "zai", "xai",
             "github-copilot", "minimax", "synthetic", "my-proxy"]
MODELS = ["anthropic/claude-opus-4-5", "anthropic/claude-sonnet-4-5", "openai/gpt-5.2", "openai-codex/gpt-5.2",
          "openrouter/moonshotai/kimi-k2", "mistral/mistral-large-latest", "groq/llama-3.3-70b-versatile",
          "google/gemini-3-pro-preview", "zai/glm-4.7", "minimax/MiniMax-M2.1", "my-proxy/foo"]
VARIABLES = ["ANTHROPIC_API_KEY", "ANTHROPIC_OAUTH_TOKEN", "OPENAI_API_KEY", "OPENROUTER_API_KEY",
             "GROQ_API_KEY", "MISTRAL_API_KEY", "GEMINI_API_KEY", "ZAI_API_KEY", "Z_AI_API_KEY",
             "XAI_API_KEY", "GH_TOKEN", "GITHUB_TOKEN", "COPILOT_GITHUB_TOKEN", "SYNTHETIC_API_KEY",
             "MINIMAX_API_KEY", "CEREBRAS_API_KEY"]
# Nothing stands where a unit changes or rounds: both programs are asked some seconds apart.
EXPIRIES = [None, None, 0, -7, -3 * DAY, -20 * MINUTE, 20 * MINUTE, 5 * HOUR + 20 * MINUTE,
            23 * HOUR + 20 * MINUTE, 25 * HOUR + 20 * MINUTE, 47 * HOUR + 10 * MINUTE,
            10 * DAY + 3 * HOUR + 20 * MINUTE, 300 * DAY + 3 * HOUR]


class Dice:
    """The same numbers in every version of Python."""

    def __init__(self, seed):
        self.state = (seed * 2654435761 + 12345) % 2**64
        for _ in range(4):
            self.below(2)

    def below(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % n

    def one_in(self, n):
        return self.below(n) == 0

    def pick(self, items):
        return items[self.below(len(items))]

    def some(self, items, most):
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(min(self.below(most + 1), len(left)))]


def at(offset):
    return "@T%+d" % offset


def key(dice, provider):
    start = {"anthropic": "sk-ant-api03-", "openrouter": "sk-or-v1-", "groq": "gsk_"}.get(provider, "k-")
    if dice.one_in(12):
        return "short%d" % dice.below(1000)
    return "%sEXAMPLE%04dnotarealkey%08d" % (start, dice.below(10**4), dice.below(10**8))


def expiry(dice):
    offset = dice.pick(EXPIRIES)
    if offset is None:
        return {}
    return {"expires": offset if offset in (0, -7) else at(offset)}


def profile(dice, provider):
    kind = dice.pick(["api_key", "api_key", "token", "token", "oauth"])
    entry = {"type": kind, "provider": provider}
    blank = dice.one_in(14)
    if kind == "api_key":
        entry["key"] = "" if blank else key(dice, provider)
    elif kind == "token":
        entry["token"] = " " if blank else "sk-ant-oat01-EXAMPLEnotarealtoken%08d" % dice.below(10**8)
        entry.update(expiry(dice))
    else:
        entry["access"] = "" if blank else "EXAMPLE-access-%08d" % dice.below(10**8)
        entry["refresh"] = "" if blank or dice.one_in(6) else "EXAMPLE-refresh-%08d" % dice.below(10**8)
        entry["expires"] = 0
        entry.update(expiry(dice))
    if dice.one_in(6):
        entry["email"] = "person%d@example.org" % dice.below(9)
    return entry


def usage(dice):
    stats = {}
    if dice.one_in(2):
        stats["lastUsed"] = at(-dice.below(9) * HOUR - MINUTE)
    if dice.one_in(3):
        stats["cooldownUntil"] = at(dice.pick([-HOUR, 20 * MINUTE, 3 * HOUR + 10 * MINUTE]))
    if dice.one_in(4):
        stats["disabledUntil"] = at(dice.pick([-HOUR, 5 * HOUR + 20 * MINUTE]))
        stats["disabledReason"] = "billing"
    if dice.one_in(3):
        stats["errorCount"] = dice.below(5)
    return stats


def order(dice, ids, provider):
    own = [i for i in ids if i.startswith(provider + ":")]
    listed = dice.some(own, 4)
    if dice.one_in(5):
        listed.append(provider + ":ghost")
    if dice.one_in(6) and ids:
        listed.insert(0, dice.pick(ids))
    if dice.one_in(5) and listed:
        listed.append(listed[0])
    return listed


def make_store(dice):
    profiles = {}
    for _ in range(dice.below(7)):
        provider = dice.pick(PROVIDERS[:8] if dice.below(4) else PROVIDERS)
        if dice.one_in(3):
            provider = "anthropic"
        profiles["%s:%s" % (provider, dice.pick(["default", "manual", "work", "a", "b"]))] = \
            profile(dice, provider)
    store = {"version": 1, "profiles": profiles}
    ids = list(profiles)
    if dice.one_in(3):
        store["order"] = {}
        for provider in dice.some(PROVIDERS[:5], 2):
            spelled = "Z.AI" if provider == "zai" else provider
            store["order"][spelled] = order(dice, ids, provider)
    if ids and dice.one_in(2):
        store["usageStats"] = {i: usage(dice) for i in dice.some(ids, 4)}
    if ids and dice.one_in(5):
        store["lastGood"] = {profiles[ids[0]]["provider"]: ids[0]}
    return store


def model_field(dice, models):
    field = {}
    if not dice.one_in(6):
        field["primary"] = dice.pick(models)
    if dice.one_in(2):
        field["fallbacks"] = dice.some(models, 3)
    return field


def make_models(dice):
    defaults = {}
    allowed = dice.some(MODELS, 4) if dice.one_in(2) else []
    aliases = {}
    entries = {}
    for ref in allowed:
        entries[ref] = {}
        if dice.one_in(2):
            alias = dice.pick(["Opus", "fast", "big", "Cheap"]) + str(len(aliases))
            entries[ref]["alias"] = alias
            aliases[alias] = ref
    names = MODELS + [a.lower() for a in aliases] * 3
    if entries:
        defaults["models"] = entries
    if not dice.one_in(5):
        defaults["model"] = model_field(dice, names)
    if dice.one_in(4):
        defaults["imageModel"] = model_field(dice, MODELS)
    return defaults


def make_providers(dice):
    found = {}
    for provider in dice.some(["my-proxy", "openrouter", "minimax", "mistral"], 2):
        found[provider] = {"baseUrl": "http://127.0.0.1:4000/v1", "api": "openai-completions", "models": []}
        if dice.below(3):
            found[provider]["apiKey"] = dice.pick([key(dice, provider), "MY_PROXY_KEY", "OPENAI_API_KEY"])
    return found


def make_auth(dice, store):
    auth = {}
    ids = list(store["profiles"])
    if dice.one_in(2):
        auth["profiles"] = {}
        for i in dice.some(ids + ["anthropic:ghost"], 4):
            entry = store["profiles"].get(i, {"type": "token", "provider": "anthropic"})
            mode = entry["type"] if dice.below(5) else dice.pick(["api_key", "oauth", "token"])
            auth["profiles"][i] = {"provider": entry["provider"], "mode": mode}
    if dice.one_in(3):
        auth["order"] = {p: order(dice, ids, p) for p in dice.some(PROVIDERS[:5], 2)}
    return auth


def make_config(dice, store):
    if dice.one_in(10):
        return None
    config = {}
    defaults = make_models(dice)
    if defaults:
        config["agents"] = {"defaults": defaults}
    if dice.one_in(8):
        config.setdefault("agents", {})["list"] = \
            [{"id": "work", "default": True}, {"id": "main"}] if dice.one_in(2) else [{"id": "Big Team"}]
    if dice.one_in(3):
        config["models"] = {"providers": make_providers(dice)}
    auth = make_auth(dice, store)
    if auth:
        config["auth"] = auth
    if dice.one_in(5):
        config["env"] = {"vars": {v: key(dice, "") for v in dice.some(VARIABLES, 2)}}
        for name in dice.some(VARIABLES, 1):
            config["env"][name] = key(dice, "")
    return config


def make_variables(dice, most):
    return {v: "" if dice.one_in(9) else key(dice, "groq" if v[0] == "G" else "") for v in dice.some(VARIABLES, most)}


def case(number):
    dice = Dice(number)
    store = make_store(dice)
    config = make_config(dice, store)
    env = make_variables(dice, 3) if dice.one_in(2) else {}
    dotenv = make_variables(dice, 2) if dice.one_in(3) else {}
    asked = sorted({p["provider"] for p in store["profiles"].values()} | {"anthropic", "openai"})
    return {"number": number, "config": config, "store": None if dice.one_in(12) else store, "env": env,
            "dotenv": "".join("%s=%s\n" % pair for pair in dotenv.items()), "asked": asked}


def text(document, now):
    """The document as a file holds it, with its points in time."""
    return re.sub(r'"@T([+-]\d+)"', lambda m: str(now + int(m[1])), json.dumps(document, indent=2)) + "\n"
