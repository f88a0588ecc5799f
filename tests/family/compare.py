#!/usr/bin/env python3
"""`models status` and `models auth order get` beside a real gateway's answers to the same cases.

  compare.py PROGRAM [--every N] [--show NUMBER]

The answers were recorded once by record.py. Members that only thinkfleetbot prints are not compared.
Every difference has to be one of DIFFERENCES, which says why; and every row there has to be met.
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
    raw = {"number": case["number"], "check": done.returncode, "json": done.stdout,
           "text": run(program, home, env, *status).stdout,
           "plain": run(program, home, env, *status, "--plain").stdout, "orders": {}, "get": {}}
    for provider in case["asked"]:
        raw["orders"][provider] = effective_order(program, home, env, provider)
        raw["get"][provider] = run(program, home, env, "models", "auth", "order", "get", "--provider", provider,
                                   "--json").stdout
    return normal.answer(raw, home, now)


# --- comparing -----------------------------------------------------------------------------------


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


# --- what differs on purpose ---------------------------------------------------------------------

DIFFERENCES = []


def explain(found, case):
    for row in DIFFERENCES:
        if row["test"](found, case):
            row["met"] = row.get("met", 0) + 1
            return True
    return False


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--show", type=int)
    options = parser.parse_args()
    with lzma.open(HERE / "answers.jsonl.xz", "rt") as f:
        answers = [json.loads(line) for line in f]
    if options.show is not None:
        print(json.dumps(cases.case(options.show), indent=1), json.dumps(answers[options.show], indent=1))
        return 0
    failed = 0
    with tempfile.TemporaryDirectory(prefix="tfb-family-") as home:
        for theirs in answers[::options.every]:
            case = cases.case(theirs["number"])
            ours = ask(options.program, case, home)
            for found in differences(theirs, ours):
                if not explain(found, case):
                    failed += 1
                    print("case %d %s\n  theirs %r\n  ours   %r" % (case["number"], *found))
    print("%d cases, %d differences that nothing explains" % (len(answers[::options.every]), failed))
    for row in DIFFERENCES:
        print("  %4d  %s" % (row.get("met", 0), row["why"]))
    if options.every == 1 and not all(row.get("met") for row in DIFFERENCES):
        print("a row of DIFFERENCES is not met any more")
        failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
