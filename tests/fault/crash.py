#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T3: the states a power failure may leave of a writing flow (security.md 5, after ALICE).

    crash.py BIN [--states N] FLOW...   at most N states a flow (default 10000)
    crash.py BIN --control              a writer that never syncs must be caught

The file operations of one run are recorded with their bytes. The model of the disk is the weakest
that POSIX allows: what was written lasts from the fsync of that file, a name from the fsync of its
folder. For a crash after each operation the pending names are kept in any subset (so renames and
creations are reordered and dropped), and of the pending bytes of each file any prefix is kept, the
rest lost or zero. Every state is laid out as a home and judged like a killed one; then the flow is
run again, twice.
"""
import argparse
import hashlib
import itertools
import json
import os
import random
import sys

import world
from world import Judge, Tally, Violation, World

O_TRUNC = 0o1000
LARGE = 65536  # of such a file (the resolver) only some cuts are kept: each is a copy in memory
TAILS = 16     # lengths of zeros tried behind each cut
ALIKE = 4      # of states that differ only inside temporary files, so many are followed to the end


class File:
    def __init__(self, data=b"", mode=0o600):
        self.durable = data
        self.pending = []  # (offset, bytes) or ("cut", length)
        self.mode = mode

    def now(self):
        return apply(self.durable, self.pending)


def apply(data, writes):
    data = bytearray(data)
    for at, what in writes:
        if at == "cut":
            data[what:] = b"\0" * max(0, what - len(data))
        else:
            data.extend(b"\0" * max(0, at - len(data)))
            data[at:at + len(what)] = what
    return bytes(data)


class Disk:
    """names: the live tree; durable: the names that a crash cannot take; pending: changes since."""

    def __init__(self, files):
        self.names = {}
        for name, (kind, mode, data) in files.items():
            self.names[name] = File(data, mode) if kind == "f" else mode
        self.durable = dict(self.names)
        self.pending = []  # (folder, {name: File, mode or None})

    def change(self, changes):
        for name, what in changes.items():
            if what is None:
                self.names.pop(name, None)
            else:
                self.names[name] = what
        self.pending.append((os.path.dirname(next(iter(changes))), changes))

    def sync_folder(self, folder):
        for where, changes in self.pending:
            if where == folder:
                keep(self.durable, changes)
        self.pending = [p for p in self.pending if p[0] != folder]

    def operation(self, op, home):
        def local(path):
            return os.path.relpath(path, home)

        group = op["group"]
        path = local(op["path"])
        if group == "open":
            if path not in self.names and op["flags"] & 0o100:
                self.change({path: File(mode=op["mode"] & 0o700)})
            elif op["flags"] & O_TRUNC and isinstance(self.names.get(path), File):
                self.names[path].pending.append(("cut", 0))
        elif group == "write":
            self.names[path].pending.append((op["at"], bytes.fromhex(op["data"])))
        elif group == "truncate":
            self.names[path].pending.append(("cut", op["value"]))
        elif group == "fsync":
            self.sync(path)
        elif group == "rename":
            self.change({local(op["to"]): self.names[path], path: None})
        elif group == "unlink":
            self.change({path: None})
        elif group == "mkdir":
            self.change({path: op["value"]})
        elif group == "chmod":
            self.mode(path, op["value"])

    def mode(self, path, value):
        if isinstance(self.names[path], File):
            self.names[path].mode = value
        else:
            self.names[path] = self.durable[path] = value

    def sync(self, path):
        what = self.names.get(path)
        if isinstance(what, File):
            what.durable, what.pending = what.now(), []
        else:
            self.sync_folder("" if path == "." else path)


def keep(names, changes):
    for name, what in changes.items():
        if what is None:
            names.pop(name, None)
        else:
            names[name] = what


def subsets(pending, fan):
    """Which of the pending changes of names reached the disk: all, none, then any."""
    n = len(pending)
    if n <= fan:
        masks = range(1 << n)
    else:
        masks = {0, (1 << n) - 1} | {1 << i for i in range(n)} | {(1 << i) - 1 for i in range(n)}
        masks |= {((1 << n) - 1) ^ (1 << i) for i in range(n)}
    for mask in sorted(masks):
        yield [p for i, p in enumerate(pending) if mask >> i & 1]


def contents(file, rng, limit):
    """What may be in the file: its bytes as synced, and every cut of what was written since."""
    if not file.pending:
        yield file.durable
        return
    full = file.now()
    yield file.durable
    yield full
    yield b"\0" * len(full)
    cuts = list(range(len(full)))
    limit = limit if len(full) < LARGE else min(limit, 64)
    tails = TAILS if len(full) < LARGE else 1
    if len(cuts) > limit:
        cuts = sorted(rng.sample(cuts, limit))
    for cut in cuts:
        yield full[:cut]
        # The size is on the disk already, the blocks are not.
        for _ in range(tails):
            yield full[:cut] + b"\0" * (rng.randrange(len(full) - cut) + 1)


def reachable(names):
    """Names whose folders are all there."""
    return {n: w for n, w in names.items() if not os.path.dirname(n) or folders_there(n, names)}


def folders_there(name, names):
    while os.path.dirname(name):
        name = os.path.dirname(name)
        if not isinstance(names.get(name), int):
            return False
    return True


def states(disk, rng, limit):
    """Every tree that a crash now may leave."""
    for chosen in subsets(disk.pending, 6):
        names = dict(disk.durable)
        for _, changes in chosen:
            keep(names, changes)
        names = reachable(names)
        fixed = {n: ("d", w, b"") for n, w in names.items() if isinstance(w, int)}
        files = [(n, w) for n, w in names.items() if isinstance(w, File)]
        choices = [contents(w, rng, limit) for _, w in files]
        for data in itertools.islice(itertools.product(*choices), (TAILS + 1) * limit + 8):
            state = dict(fixed)
            state.update({n: ("f", w.mode, d) for (n, w), d in zip(files, data)})
            yield state


def digest(state):
    h = hashlib.blake2b(digest_size=16)
    for name in sorted(state):
        h.update(repr((name, state[name][0], state[name][1])).encode())
        h.update(hashlib.blake2b(state[name][2]).digest())
    return h.digest()


def enumerate_states(before, journal, home, limit):
    """Distinct states over all crash points: [(number of operations, state)]."""
    rng = random.Random(1)
    disk = Disk(before)
    seen = {}
    for n, op in enumerate([None, *journal]):
        if op:
            disk.operation(op, home)
        for state in states(disk, rng, limit):
            seen.setdefault(digest(state), (n, state))
    return list(seen.values())


def record(w, step):
    path = os.path.join(w.work, "journal")
    w.traced(step, "record", path)
    with open(path, encoding="utf-8") as f:
        journal = [json.loads(line) for line in f]
    return [op for op in journal if op["group"] in ("open", "write", "truncate", "fsync", "rename",
                                                    "unlink", "mkdir", "chmod", "link")]


def follow(judge, tally):
    """Judged, then the flow twice: the second time must change nothing."""
    left = judge.between()
    judge.finish()
    once = world.tree(judge.world.home)
    done = judge.world.step(judge.step)
    if done.returncode not in (0, *judge.again):
        raise Violation("the second run after the crash ended with %d: %s" % (
            done.returncode, done.stderr.decode()))
    twice = world.tree(judge.world.home)
    tally.note("states followed to the end, twice")
    changed = [n for n in set(once) | set(twice)
               if once.get(n) != twice.get(n) and not n.endswith("/.lock") and
               n not in judge.varying]
    if changed:
        raise Violation("the second run after the crash still changes %s" % changed)
    if left:
        tally.note("states with a temporary file left")


def without_temporary(state):
    return digest({n: (e if not world.TEMP.match(os.path.basename(n)) else ("t", 0, b""))
                   for n, e in state.items()})


def sweep(w, flow, wanted):
    alike = {}
    judge = Judge(w, flow)
    tally = Tally("crash " + flow)
    judge.reset()
    journal = record(w, judge.step)
    found, limit = [], 1
    while len(found) < wanted and limit < 4096:
        found = enumerate_states(judge.before, journal, w.home, limit)
        limit *= 4
    for n, state in world.sample(found, wanted):
        world.lay_out(w.home, state)
        tally.cases += 1
        kind = without_temporary(state)
        alike[kind] = alike.get(kind, 0) + 1
        try:
            if alike[kind] <= ALIKE:
                follow(judge, tally)
            else:
                judge.between()
        except Violation as why:
            done = journal[n - 1] if n else {"call": "nothing", "path": ""}
            tally.violation("after operation %d (%s %s)" % (
                n, done["call"], os.path.relpath(done["path"] or w.home, w.home)), why)
    tally.note("distinct states enumerated", len(found))
    tally.note("recorded operations", len(journal))
    return tally.report()


def control(w):
    """Renamed before its bytes were synced: an empty file under the final name must turn up."""
    target = os.path.join(w.home, "file")
    with open(target, "wb") as f:
        f.write(b"old " * 1000)
    before = world.tree(w.home)
    path = os.path.join(w.work, "journal")
    w.start([w.tracer, "--under", w.home, "--report", w.work + "/report", "record", path, "--",
             os.path.join(w.bin, "fault_control"), "nosync", target])
    with open(path, encoding="utf-8") as f:
        journal = [json.loads(line) for line in f]
    found = enumerate_states(before, journal, w.home, 16)
    bad = [s for _, s in found if s.get("file", ("", 0, b""))[2] not in
           (b"old " * 1000, b"new " * 1000)]
    print("control: %d states, %d with a torn file" % (len(found), len(bad)))
    return len(bad) > 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("bin")
    p.add_argument("--states", type=int, default=10000)
    p.add_argument("--control", action="store_true")
    p.add_argument("flows", nargs="*")
    a = p.parse_intermixed_args()
    ok = True
    if a.control:
        with World(a.bin) as w:
            ok = control(w)
    flows = world.chosen(a.bin, a.flows)
    for flow in flows:
        with World(a.bin) as w:
            ok = sweep(w, flow, a.states) and ok
    if a.flows and not flows and ok:
        return world.SKIPPED
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
