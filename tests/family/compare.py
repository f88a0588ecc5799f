#!/usr/bin/env python3
"""`models status` and `models auth order get` beside a real gateway's answers to the same cases.

  compare.py PROGRAM [--every N] [--show NUMBER]

The answers were recorded once by record.py. Members that only thinkfleetbot prints are not compared.
Every difference has to be one of DIFFERENCES, each of which says why and has to be met.
"""

import argparse
import json
import lzma
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import cases
import normal

HERE = pathlib.Path(__file__).parent


# --- asking ------------------------------------------------------------------------------------


def lay(path, text):
    if text:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_text(text)
        path.chmod(0o600)


def run(program, home, env, *words):
    return subprocess.run([program, *words], capture_output=True, text=True, cwd="/", timeout=60, check=False,
                          env={**env, "HOME": home, "PATH": "/usr/bin:/bin"}, stdin=subprocess.DEVNULL)


def effective_order(program, home, env, provider):
    done = run(program, home, env, "models", "auth", "explain", provider, "--agent", "main", "--json")
    ranked = [s for s in json.loads(done.stdout)["sources"] if s["rank"] and ":" in s["source"]]
    return [s["source"] for s in sorted(ranked, key=lambda s: s["rank"])]


def ask(program, case, home):
    """The form of record.py's answers."""
    now = int(time.time() * 1000)
    state = pathlib.Path(home) / ".thinkfleetbot"
    shutil.rmtree(state, ignore_errors=True)
    if case["config"] is not None:
        lay(state / "thinkfleetbot.json", cases.text(case["config"], now))
    if case["store"] is not None:
        lay(state / "agents/main/agent/auth-profiles.json", cases.text(case["store"], now))
    lay(state / ".env", case["dotenv"])
    env = case["env"]
    # The January gateway's status is always that of the agent main.
    status = ["models", "status", "--agent", "main"]
    done = run(program, home, env, *status, "--json", "--check")
    raw = {"number": case["number"], "now": now, "check": done.returncode, "json": done.stdout,
           "text": run(program, home, env, *status).stdout,
           "plain": run(program, home, env, *status, "--plain").stdout, "orders": {}, "get": {}}
    for provider in case["asked"]:
        raw["orders"][provider] = effective_order(program, home, env, provider)
        raw["get"][provider] = run(program, home, env, "models", "auth", "order", "get", "--provider", provider,
                                   "--json").stdout
    return normal.answer(raw, home)


# --- what differs, and why ----------------------------------------------------------------------
#
# Each function changes the gateway's answer (and, where thinkfleetbot says more, ours) to what should then be
# equal, and returns whether there was anything to change.


def rewrite(node, change):
    if isinstance(node, str):
        return change(node)
    if isinstance(node, list):
        return [rewrite(n, change) for n in node]
    if isinstance(node, dict):
        return {name: rewrite(value, change) for name, value in node.items()}
    return node


def rewrite_answer(answer, change):
    before = json.dumps([answer["json"], answer["text"]])
    answer["json"] = rewrite(answer["json"], change)
    answer["text"] = rewrite(answer["text"], change)
    return before != json.dumps([answer["json"], answer["text"]])


def masks(theirs, ours, _case):
    """8 + 8 characters of a key are shown, a short one whole: fault 14. Here the kind and the last 4."""
    def shorten(text):
        text = re.sub(r"[^\s=:|,]{8}\.\.\.[^\s|,]{4}([^\s|,]{4})", r"@\1", text)
        text = re.sub(r"\bshort\d+\b", "@", text)
        return re.sub(r"(^|models\.json[:=])(MY_PROXY_KEY|OPENAI_API_KEY)\b", r"\1@", text)
    found = rewrite_answer(theirs, shorten)
    rewrite_answer(ours, lambda text: re.sub(r"[A-Za-z0-9_-]*\.\.\.([A-Za-z0-9]{4}|)(?![A-Za-z0-9.])", r"@\1", text))
    return found


def configured_key(theirs, _ours, _case):
    """A key in models.providers is said to be in the agent's models.json; here its file is named."""
    return rewrite_answer(theirs, lambda text: re.sub(r"models\.json: \S+/models\.json",
                                                      "models.json: ~/.clawdbot/clawdbot.json", text))


def zai_name(theirs, ours, _case):
    """Z_AI_API_KEY is copied to ZAI_API_KEY and shown as that; here the variable that is set is named."""
    if "env: Z_AI_API_KEY" not in json.dumps(ours["json"]):
        return False
    return rewrite_answer(theirs, lambda text: text.replace("env: ZAI_API_KEY", "env: Z_AI_API_KEY"))


def impossible_dates(theirs, _ours, _case):
    """A date of 0 or less is none (8.4), yet the JSON shows it, and as the provider's earliest."""
    def valid(row):
        return int(row.get("expiresAt", "0min")[:-3]) > -10**7
    found = False
    health = theirs["json"]["auth"]["oauth"]
    for row in health["profiles"] + [p for provider in health["providers"] for p in provider["profiles"]]:
        if not valid(row):
            found = True
            del row["expiresAt"]
            row.pop("remainingMs", None)
    for provider in health["providers"]:
        if not valid(provider):
            dated = sorted((p for p in provider["profiles"] if "expiresAt" in p),
                           key=lambda p: int(p["expiresAt"][:-3]))
            for name in ("expiresAt", "remainingMs"):
                del provider[name]
                if dated:
                    provider[name] = dated[0][name]
    return found


def old_reasons(theirs, _ours, _case):
    """The reason of a disabling that is over is shown with a cooldown; 8.3 has it for disabled ones only."""
    stale = [row for row in theirs["json"]["auth"]["unusableProfiles"] if row["kind"] == "cooldown" and "reason" in row]
    for row in stale:
        del row["reason"]
    return bool(stale)


def equal_ends(theirs, ours, _case):
    """Profiles that get usable at the same moment: in the order of the profiles, not of the statistics."""
    def sort(answer):
        rows = answer["json"]["auth"]["unusableProfiles"]
        before = list(rows)
        rows.sort(key=lambda row: (int(row["until"][:-3]), row["profileId"]))
        return before != rows
    changed = sort(theirs)
    return sort(ours) or changed


def all_variables(theirs, ours, _case):
    """Only twelve providers' variables are looked for (8.2); here every known one's: MINIMAX_API_KEY, too."""
    known = {row["provider"] for row in theirs["json"]["auth"]["providers"]}
    auth = ours["json"]["auth"]
    more = {row["provider"] for row in auth["providers"] if "env" in row and not row["profiles"]["count"]} - known
    auth["providers"] = [row for row in auth["providers"] if row["provider"] not in more]
    named = {row["provider"] for row in theirs["json"]["auth"]["oauth"]["providers"]}
    auth["oauth"]["providers"] = [row for row in auth["oauth"]["providers"]
                                  if row["provider"] not in more or row["provider"] in named]
    ours["text"] = [line for line in ours["text"] if not any(line.startswith("- %s eff" % p) for p in more)]
    return bool(more)


def cache_settings(theirs, _ours, case):
    """Cache settings for Anthropic make the default model an allowed one, and the list of all a list of one."""
    defaults = ((case["config"] or {}).get("agents") or {}).get("defaults") or {}
    added = [ref for ref in theirs["json"]["allowed"] if ref not in defaults.get("models", {})]
    theirs["json"]["allowed"] = [ref for ref in theirs["json"]["allowed"] if ref not in added]
    aliases = theirs["json"]["aliases"]
    theirs["json"]["aliases"] = {a: ref for a, ref in aliases.items() if ref not in added}
    if added:
        drop_lines(theirs, _ours, ("Aliases", "Configured models"))
    return bool(added)


def drop_lines(theirs, ours, starts):
    for answer in (theirs, ours):
        answer["text"] = [line for line in answer["text"] if not line.startswith(starts)]


def used_models(case):
    defaults = ((case["config"] or {}).get("agents") or {}).get("defaults") or {}
    aliases = {entry["alias"].lower(): ref for ref, entry in defaults.get("models", {}).items() if "alias" in entry}
    for name in ("model", "imageModel"):
        field = defaults.get(name, {})
        for raw in [field.get("primary"), *field.get("fallbacks", [])]:
            if raw:
                yield raw, aliases.get(raw.lower(), raw)


def aliases_in_use(theirs, ours, case):
    """An alias as default or fallback counts as a model of anthropic in every list but resolvedDefault."""
    if all("/" in raw for raw, _ in used_models(case)):
        return False
    auth = theirs["json"]["auth"]
    used = {ref.split("/")[0] for _, ref in used_models(case)}
    if not ((case["config"] or {}).get("agents") or {}).get("defaults", {}).get("model", {}).get("primary"):
        used.add("anthropic")
    missing = sorted(used - {row["provider"] for row in ours["json"]["auth"]["providers"]})
    states = {row["status"] for row in auth["oauth"]["profiles"] if row["type"] != "api_key"}
    auth["missingProvidersInUse"] = missing
    theirs["check"] = 1 if missing or states & {"expired", "missing"} else 2 if "expiring" in states else 0
    shared = {row["provider"] for row in auth["oauth"]["providers"]} & \
        {row["provider"] for row in ours["json"]["auth"]["oauth"]["providers"]}
    for answer in (theirs, ours):
        health = answer["json"]["auth"]["oauth"]
        health["providers"] = [row for row in health["providers"] if row["provider"] in shared]
        answer["text"] = [line for line in answer["text"] if " Run `" not in line and line not in ("Missing auth", "")]
    return True


def hints(theirs, _ours, _case):
    """`configure` is `onboard` here; for anthropic the words of 8.2, which the next release has."""
    theirs["text"] = [line.replace("Run `claude setup-token` or", "Run `claude setup-token`, then `clawdbot models "
                                   "auth setup-token` or").replace("clawdbot configure", "clawdbot onboard")
                      for line in theirs["text"]]
    return any(" Run `" in line for line in theirs["text"])


SIGNED_IN = re.compile(r"^- (openai-codex|qwen-portal|github-copilot|minimax-portal) Run `clawdbot onboard` or set an "
                       r"API key env var\.$")


def sign_in(theirs, _ours, _case):
    """Where signing in is the only way, the command that does it is named."""
    return rewrite_answer(theirs, lambda text: SIGNED_IN.sub(r"- \1 Run `clawdbot models auth login --provider \1`.", text))


def no_date(theirs, _ours, _case):
    """A login without a date "expires in unknown"; 8.2 has "expires unknown"."""
    return rewrite_answer(theirs, lambda text: text.replace("expires in unknown", "expires unknown"))


def protection(_theirs, ours, _case):
    """One line more: how the stored keys are protected."""
    count = len(ours["text"])
    ours["text"] = [line for line in ours["text"] if not line.startswith("Protection ")]
    return len(ours["text"]) < count


DIFFERENCES = [masks, configured_key, zai_name, impossible_dates, old_reasons, equal_ends, cache_settings, all_variables,
               hints, sign_in, no_date, protection, aliases_in_use]


def differences(theirs, ours, path=""):
    """(path, theirs, ours) of every leaf that differs; members of ours alone do not count."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in theirs:
            yield from differences(theirs[name], ours.get(name, "(absent)"), f"{path}.{name}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for i, (a, b) in enumerate(zip(theirs, ours)):
            yield from differences(a, b, f"{path}[{i}]")
    elif theirs != ours:
        yield path, theirs, ours


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--show", type=int)
    options = parser.parse_args()
    options.program = os.path.abspath(options.program)
    with lzma.open(HERE / "answers.jsonl.xz", "rt") as f:
        answers = [json.loads(line) for line in f]
    if options.show is not None:
        print(json.dumps(cases.case(options.show), indent=1), json.dumps(answers[options.show], indent=1))
        return 0
    failed = 0
    met = dict.fromkeys(DIFFERENCES, 0)
    with tempfile.TemporaryDirectory(prefix="tfb-family-") as home:
        for theirs in answers[::options.every]:
            case = cases.case(theirs["number"])
            ours = ask(options.program, case, home)
            for difference in DIFFERENCES:
                met[difference] += difference(theirs, ours, case)
            for found in differences(theirs, ours):
                failed += 1
                print("case %d %s\n  theirs %r\n  ours   %r" % (case["number"], *found))
    print("%d cases, %d differences that nothing explains; explained, by cases:" % (len(answers[::options.every]), failed))
    for difference, count in met.items():
        print("%4d  %s" % (count, difference.__doc__))
        if options.every == 1 and not count:
            print("      which is not so any more")
            failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
