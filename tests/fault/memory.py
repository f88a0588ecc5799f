#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T2b: every allocation of a writing flow fails, one by one (security.md 5).

    memory.py BIN SHIM [--cases N] FLOW...
    memory.py BIN SHIM --control      a program that uses NULL must be caught

No signal, a message, an exit status that is not 0 (unless the flow was completed all the same), and
the files old or new with every credential delivered. Not for sanitized builds, whose allocator
cannot be preloaded: the test is skipped there.
"""
import os
import re
import subprocess

import harness
import world
from errors import undone
from harness import Tally, sample
from judge import Judge, observe
from world import Violation

# Found, reported and not yet mended: the functions that waited for the allocation, innermost first.
KNOWN = ()
FEWEST = 20  # no flow has fewer allocations; less means that the shim is not in the way
KEY_NAME = re.compile(r"[A-Za-z0-9_-]{22}(?=\.(key|anchor))")


def disturbed(w, shim, step, k, on=False):
    env = dict(w.env, LD_PRELOAD=shim, FAULT_MALLOC_AT=str(k),
               FAULT_MALLOC_TRACE=w.work + "/trace")
    if on:
        env["FAULT_MALLOC_ON"] = "1"
    if not k:
        env["FAULT_MALLOC_COUNT"] = w.work + "/count"
    return w.step(step, env=env)


def nothing_worse(judge, words):
    """A known fault is one only while no credential is lost by it."""
    files = world.tree(judge.world.home)
    try:
        judge.delivered(observe(judge.world, files))
    except Violation as why:
        print("  %s, and worse: %s" % (words, why))
        return False
    return True


def who_asked(w):
    """The functions of the program that were waiting for the allocation, innermost first."""
    with open(w.work + "/trace", encoding="ascii") as f:
        offsets = re.findall(r"thinkfleetbot\(\+(0x[0-9a-f]+)\)", f.read())
    done = subprocess.run(["addr2line", "-f", "-e", w.program, *offsets], capture_output=True,
                          check=False)
    return " < ".join(done.stdout.decode().splitlines()[0:16:2])


def judge_case(judge, shim, tally, k, on):
    judge.reset()
    done = disturbed(judge.world, shim, judge.step, k, on)
    said = done.stderr + (done.stdout if judge.flow == "audit-fix" else b"")  # its report says why
    text = said.decode("utf-8", "replace").strip()
    try:
        if done.returncode < 0 or done.returncode > 128:
            raise Violation("ended by signal %d: %s" % (-done.returncode, text))
        files = world.tree(judge.world.home)
        left = judge.files(files)
        # What a killed command left is swept under the lock; a failed one may not come that far.
        if set(left) - (set(judge.before) if done.returncode else set()):
            raise Violation("temporary files left: %s" % left)
        if done.returncode == 0:
            missing = undone(judge, files)
            # The anchor comes last, and is no reason to call the rest undone; but that is said.
            if missing and not (missing == [".anchor"] and "warning:" in text and "memory" in text):
                raise Violation("exit status 0, but not completed: %s" % missing)
            tally.note("completed all the same")
            return
        if not text:
            raise Violation("exit status %d without a message" % done.returncode)
        if "memory" in text:
            tally.note("out of memory, and says so")
        else:
            first = text.replace(judge.world.home, "~").partition("\n")[0]
            tally.note("known: out of memory, but says: " + KEY_NAME.sub("ID", first))
        if files != judge.before:
            judge.delivered(observe(judge.world, files))
            judge.finish()
            tally.note("a working prefix, and the next run finishes")
    except Violation as why:
        asked = who_asked(judge.world)
        for part, words in KNOWN:
            if part in asked and nothing_worse(judge, words):
                tally.note(words)
                return
        tally.violation("allocation %d%s (%s)" % (k, " and on" if on else "", asked), why)


def sweep(w, flow, a):
    judge = Judge(w, flow)
    tally = Tally("memory " + flow)
    disturbed(w, a.shim, judge.step, 0)
    with open(w.work + "/count", encoding="ascii") as f:
        total = int(f.read())
    if total < FEWEST:
        tally.violation("the shim", "it saw only %d allocations: nothing was tried" % total)
    cases = [(k, on) for k in range(1, total + 1) for on in (False, True)]
    for k, on in sample(cases, a.count):
        tally.cases += 1
        judge_case(judge, a.shim, tally, k, on)
    tally.note("allocations in one run", total)
    return tally.report()


def control(w, a):
    env = dict(w.env, LD_PRELOAD=a.shim)
    killed = 0
    for k in range(1, 20):
        done = w.start([os.path.join(w.bin, "fault_control"), "nomem"],
                       env=dict(env, FAULT_MALLOC_AT=str(k)))
        killed += done.returncode == -11
    print("control: %d of 19 runs crashed" % killed)
    return killed > 0


def reason(w):
    return "the sanitizer's own allocator cannot be preloaded" if w.sanitized else None


if __name__ == "__main__":
    harness.main(sweep, (control,), ("cases", 0), ("shim",), reason)
