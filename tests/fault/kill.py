#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T1: SIGKILL at every syscall stop of a writing flow (security.md 5).

    kill.py BIN [--stops N] FLOW...     N: only that many stops, spread evenly
    kill.py BIN --control               a writer that truncates in place must be caught

After each kill every file is compared. Between two calls that change files the disk cannot differ,
so the vault is opened, credentials are resolved and the flow is run again only at the first and the
last stop of each disk state (the tracer counts the changes that went before).
"""
import os
import subprocess

import harness
import world
from harness import Tally, sample
from judge import Judge
from world import Violation


def sweep(w, flow, a):
    stops = a.count
    judge = Judge(w, flow)
    tally = Tally("kill " + flow)
    report, _ = w.traced(judge.step, "count")
    total = report["stops"]
    seen = -1
    for n in sample(range(1, total + 1), stops):
        judge.reset()
        report, _ = w.traced(judge.step, "kill", n)
        tally.cases += 1
        if report["signal"] != 9:
            tally.note("ended before its stop")
        try:
            if report["mutations"] == seen and not stops:
                judge.files(world.tree(w.home))
                continue
            seen = report["mutations"]
            left = judge.between()
            if left:
                tally.note("stops with a temporary file left")
            left, keys = judge.finish()
            tally.note("temporary files that outlive the next run", len(left))
            tally.note("key files without a vault after the next run", keys)
            tally.note("disk states followed to the end")
        except Violation as why:
            tally.violation("stop %d of %d" % (n, total), why)
    tally.note("stops in one run", total)
    tally.note("locks of a dead holder after the next run", judge.dead_locks)
    return tally.report()


def control(w, _):
    """Old and new are what a good writer leaves; this one is bad, and must be seen to be."""
    target = os.path.join(w.home, "file")
    program = os.path.join(w.bin, "fault_control")
    torn = 0
    n = 0
    while True:
        n += 1
        with open(target, "wb") as f:
            f.write(b"old " * 1000)
        subprocess.run([w.tracer, "--report", w.work + "/report", "kill", str(n), "--",
                        program, "torn", target], check=True)
        with open(target, "rb") as f:
            data = f.read()
        torn += data not in (b"old " * 1000, b"new " * 1000)
        if data == b"new " * 1000:
            break
    print("control: %d stops, %d torn states seen" % (n, torn))
    return torn > 0


def judge_control(w, _):
    """The judge itself: homes with one thing wrong, each of which it must refuse."""
    judge = Judge(w, "add")
    profiles = ".thinkfleetbot/agents/main/agent/auth-profiles.json"
    key = next(n for n in judge.before if n.endswith(".key"))
    wrong = {
        "vault cut": {world.VAULT: lambda e: (e[0], e[1], e[2][:len(e[2]) // 2])},
        "vault changed": {world.VAULT: lambda e: (e[0], e[1], e[2].replace(b'"gen":', b'"gen":9'))},
        "profiles torn": {profiles: lambda e: (e[0], e[1], e[2][:-3])},
        "profiles readable": {profiles: lambda e: (e[0], 0o644, e[2])},
        "key file gone": {key: lambda e: None},
        "vault gone": {world.VAULT: lambda e: None},
        "stranger": {".thinkfleetbot/stranger": lambda e: ("f", 0o600, b"")},
    }
    accepted = []
    for name, changes in wrong.items():
        files = dict(judge.before)
        for path, change in changes.items():
            entry = change(files.get(path))
            files.pop(path, None)
            if entry:
                files[path] = entry
        world.lay_out(w.home, files)
        try:
            judge.between()
            accepted.append(name)
        except Violation:
            pass
    print("control: %d of %d wrong homes refused %s" % (len(wrong) - len(accepted), len(wrong),
                                                        accepted or ""))
    return not accepted


if __name__ == "__main__":
    harness.main(sweep, (control, judge_control), ("stops", 0))
