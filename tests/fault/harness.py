# SPDX-License-Identifier: MIT
"""What the sweeps do alike: arguments, the control first, a fresh world for each flow, the tally."""
import argparse
import sys

from flows import FLOWS
from world import World

SKIPPED = 77


class Tally:
    """Counts cases and keeps the first violations of each kind."""

    def __init__(self, title):
        self.title = title
        self.cases = 0
        self.bad = []
        self.notes = {}

    def violation(self, case, why):
        self.bad.append("%s: %s" % (case, why))

    def note(self, what, n=1):
        self.notes[what] = self.notes.get(what, 0) + n

    def report(self, limit=25):
        for line in self.bad[:limit]:
            print("  " + line)
        if len(self.bad) > limit:
            print("  ... and %d more" % (len(self.bad) - limit))
        for what in sorted(self.notes):
            print("  note: %s: %d" % (what, self.notes[what]))
        print("%s: %d cases, %d violations" % (self.title, self.cases, len(self.bad)), flush=True)
        return not self.bad


def sample(items, n):
    """n of them, spread evenly, with the first and the last; n 0: all."""
    items = list(items)
    if not n or len(items) <= n:
        return items
    return [items[i * (len(items) - 1) // max(1, n - 1)] for i in range(n)]


def chosen(bin_folder, flows):
    """The flows by name, or all; without those whose command this build does not have."""
    with World(bin_folder) as w:
        there = [f for f in (FLOWS if flows == ["all"] else flows) if w.has(f)]
    for flow in set(flows) - set(there) - {"all"}:
        print("skipped: this build has no command for the flow " + flow)
    return there


def main(sweep, controls, count=None, words=(), reason=None):
    """sweep(world, flow, arguments) and each controls(world, arguments) return True or False.

    count: (option, default), how much of the sweep is done; words: positional arguments before the
    flows; reason(world): why nothing of this can run here, or None.
    """
    p = argparse.ArgumentParser()
    for word in ("bin", *words):
        p.add_argument(word)
    if count:
        p.add_argument("--" + count[0], dest="count", type=int, default=count[1])
    p.add_argument("--control", action="store_true")
    p.add_argument("flows", nargs="*")
    a = p.parse_intermixed_args()
    with World(a.bin) as w:
        why = reason(w) if reason else None
    if why:
        print("skipped: " + why)
        sys.exit(SKIPPED)
    ok = True
    for control in controls if a.control else ():
        with World(a.bin) as w:
            ok = control(w, a) and ok
    flows = chosen(a.bin, a.flows)
    for flow in flows:
        with World(a.bin) as w:
            ok = sweep(w, flow, a) and ok
    sys.exit(SKIPPED if a.flows and not flows and ok else 0 if ok else 1)
