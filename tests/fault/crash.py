#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T3: the states a power failure may leave of a writing flow (security.md 5, after ALICE).

    crash.py BIN [--states N] FLOW...   about N states a flow (default 10000)
    crash.py BIN --control              a writer that never syncs must be caught

The file operations of one run are recorded with their bytes. The model of the disk is the weakest
that POSIX allows: what was written lasts from the fsync of that file, a name from the fsync of its
folder. For a crash after each operation the pending names are kept in any subset (so renames and
creations are reordered and dropped), and of the pending bytes of each file any prefix is kept, the
rest lost or zero. States are distinct: no two have the same names, modes and bytes.

What is done for each state:
  every one        all of its files are held against the rules of judge.py: old, new, or one of ours
  one of a kind    it is laid out as a home and judged like a killed one (the vault opens, every
                   credential has its old or its new value); the flow is run again and must succeed;
                   then run once more, which must change nothing
A kind is all states that differ only in bytes that no program reads: of temporary files, of our own
lock, and of copies in a journal folder that has no intent.json. Of each kind the first is taken, and
for ALIKE kinds a second one, with other bytes there. That those bytes are not read is itself shown:
TRACED homes with such files are run under the tracer, which must see no read of them, and must see
reads of others.

A gateway's lock that a state holds is laid out as LOCK_AGE seconds old: what waits for a dead lock
to grow old is shown in tests/node/lock.
"""
import itertools
import json
import os
import random
import time

import harness
import world
from harness import Tally, sample
from judge import Judge
from world import Violation

O_TRUNC = 0o1000
EXCHANGE = 2  # RENAME_EXCHANGE: both names stay, and change together
LARGE = 65536  # of such a file (the resolver) only some cuts are kept: each is a copy in memory
TAILS = 16     # lengths of zeros tried behind each cut
KINDS = 1000   # so many kinds are followed to the end, evenly spread when there are more
ALIKE = 20
MOST = 20000   # states of one crash point with one choice of names
TRACED = 3
LOCK_AGE = 60
READ_ALL = ("audit-fix",)  # looks into every file for plain copies: each state is a kind of its own


class File:
    def __init__(self, data=b"", mode=0o600):
        self.durable = data
        self.pending = []  # (offset, bytes) or ("cut", length)
        self.mode = mode
        self.possible = None  # contents(), until the next write or sync

    def put(self, at, what):
        self.pending.append((at, what))
        self.possible = None

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
                self.names[path].put("cut", 0)
        elif group == "write":
            self.names[path].put(op["at"], bytes.fromhex(op["data"]))
        elif group == "truncate":
            self.names[path].put("cut", op["value"])
        elif group == "fsync":
            self.sync(path)
        elif group == "link":
            self.change({local(op["to"]): self.names[path]})
        elif group == "rename":
            to = local(op["to"])
            other = self.names[to] if op.get("flags", 0) & EXCHANGE else None
            self.change({to: self.names[path], path: other})
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
            what.durable, what.pending, what.possible = what.now(), [], None
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
    if file.possible is None:
        file.possible = list(dict.fromkeys(possible(file, rng, limit)))
    return file.possible


def tails_of(limit):
    """Small files have few cuts: more zeros behind each, when more states are wanted."""
    return max(TAILS, limit // 16)


def possible(file, rng, limit):
    yield file.durable
    if not file.pending:
        return
    full = file.now()
    yield full
    yield b"\0" * len(full)
    limit, tails = (limit, tails_of(limit)) if len(full) < LARGE else (min(limit, 8), 1)
    for cut in range(len(full)) if len(full) <= limit else rng.sample(range(len(full)), limit):
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
    for kept in subsets(disk.pending, 8):
        names = dict(disk.durable)
        for _, changes in kept:
            keep(names, changes)
        names = reachable(names)
        fixed = {n: ("d", w, b"") for n, w in names.items() if isinstance(w, int)}
        files = [(n, w) for n, w in names.items() if isinstance(w, File)]
        fixed.update({n: ("f", w.mode, w.durable) for n, w in files if not w.pending})
        files = [(n, w) for n, w in files if w.pending]
        choices = [contents(w, rng, limit) for _, w in files]
        for data in itertools.islice(itertools.product(*choices), MOST):
            state = dict(fixed)
            state.update({n: ("f", w.mode, d) for (n, w), d in zip(files, data)})
            yield state


def enumerate_states(before, journal, home, limit):
    """Distinct states over all crash points: [(number of operations, state)]."""
    rng = random.Random(1)
    disk = Disk(before)
    seen = {}
    for n, op in enumerate([None, *journal]):
        if op:
            disk.operation(op, home)
            if op["group"] in ("fsync", "open") and not op.get("flags", 0) & (0o100 | O_TRUNC):
                continue  # nothing that could be lost was added
        for state in states(disk, rng, limit):
            seen.setdefault(frozenset(state.items()), (n, state))
    return list(seen.values())


CHANGES = ("open", "write", "truncate", "fsync", "rename", "unlink", "mkdir", "chmod", "link")


def record(w, step, wanted=CHANGES, command=None):
    path = os.path.join(w.work, "journal")
    if command:
        w.start([w.tracer, "--under", w.home, "--report", w.work + "/report", "record", path, "--",
                 *command])
    else:
        w.traced(step, "record", path)
    with open(path, encoding="utf-8") as f:
        return [op for op in map(json.loads, f) if op["group"] in wanted]


def unread(name, state):
    """Bytes that no program looks at."""
    if world.TEMP.match(os.path.basename(name)) or name.endswith("/secrets/.lock"):
        return True
    folder = os.path.dirname(name)  # not that of all journals: what is in it alone is read
    return folder.startswith(world.JOURNALS) and os.path.join(folder, "intent.json") not in state


def kind(state, flow):
    return frozenset((n, e[0], e[1], b"" if flow not in READ_ALL and unread(n, state) else e[2])
                     for n, e in state.items())


def put(judge, state):
    home = judge.world.home
    world.lay_out(home, state)
    for name in state:
        if world.PEER_LOCK.search(name):
            then = time.time() - LOCK_AGE
            os.utime(os.path.join(home, name), (then, then))


def settled(judge):
    """What a run that has nothing to do must not change. A toggle always has something to do."""
    return {n: e for n, e in world.tree(judge.world.home).items()
            if not n.endswith(("/.lock", ".bak")) and n not in judge.varying}


def follow(judge, tally, state):
    """Judged, then the flow twice: the second time must change nothing."""
    put(judge, state)
    left = judge.between()
    judge.finish()
    once = settled(judge)
    done = judge.world.step(judge.step)
    if done.returncode not in (0, *judge.again):
        raise Violation("the second run after the crash ended with %d: %s" % (
            done.returncode, done.stderr.decode()))
    tally.note("states followed to the end, twice")
    twice = settled(judge)
    changed = [n for n in set(once) | set(twice) if once.get(n) != twice.get(n)]
    if changed:
        raise Violation("the second run after the crash still changes %s" % changed)
    if left:
        tally.note("of those, with a temporary file left")


def show_unread(judge, found, tally):
    """The claim on which kinds rest."""
    w = judge.world
    some = [s for _, s in found if any(unread(n, s) and e[0] == "f" for n, e in s.items())]
    others = set()  # of an early crash there may be no file to read yet
    for state in sample(some, TRACED):
        hidden = {os.path.join(w.home, n) for n, e in state.items() if unread(n, state)}
        seen = set()
        for command in ([w.program, "doctor", "--json"], [w.program, "run", "--", "/bin/true"]):
            put(judge, state)
            seen |= {op["path"] for op in record(w, None, ("read",), command)}
        put(judge, state)
        seen |= {op["path"] for op in record(w, judge.step, ("read",))}
        others |= seen & {os.path.join(w.home, n) for n in state if not unread(n, state)}
        if seen & hidden:
            raise Violation("%s is read after all" % sorted(seen & hidden))
        tally.note("traced: no byte of the unread files is read")
    if some and not others:
        raise Violation("the tracer saw no file being read at all")


def enough_states(judge, wanted):
    journal = record(judge.world, judge.step)
    found, limit = [], 4
    while len(found) < wanted and limit < 65536:
        found = enumerate_states(judge.before, journal, judge.world.home, limit)
        limit *= 2
    return journal, found


def second_of(kinds, n):
    return [members[-1] for members in sample([k for k in kinds if len(k) > 1], n)]


def sweep(w, flow, a):
    judge = Judge(w, flow)
    tally = Tally("crash " + flow)
    judge.reset()
    journal, found = enough_states(judge, a.count)
    groups = {}
    for n, state in found:
        groups.setdefault(kind(state, flow), []).append((n, state))

    def checked(n, what):
        try:
            what()
        except Violation as why:
            done = journal[n - 1] if n else {"call": "nothing", "path": ""}
            tally.violation("after operation %d (%s %s)" % (
                n, done["call"], os.path.relpath(done["path"] or w.home, w.home)), why)

    for n, state in found if a.count >= 1000 else ():
        tally.cases += 1
        checked(n, lambda state=state: judge.files(state))
    kinds = list(groups.values())
    most = KINDS if a.count >= 1000 else a.count
    for n, state in [k[0] for k in sample(kinds, most)] + second_of(kinds, min(ALIKE, most // 4)):
        tally.cases += a.count < 1000
        checked(n, lambda state=state: follow(judge, tally, state))
    if flow not in READ_ALL:
        checked(0, lambda: show_unread(judge, found, tally))
    tally.note("kinds of states", len(kinds))
    tally.note("distinct states enumerated" + (": all that there are" if len(found) < a.count else ""),
               len(found))
    tally.note("recorded operations", len(journal))
    return tally.report()


def control(w, _):
    """Renamed before its bytes were synced: an empty file under the final name must turn up."""
    target = os.path.join(w.home, "file")
    with open(target, "wb") as f:
        f.write(b"old " * 1000)
    before = world.tree(w.home)
    journal = record(w, None, CHANGES, [os.path.join(w.bin, "fault_control"), "nosync", target])
    found = enumerate_states(before, journal, w.home, 16)
    bad = [s for _, s in found if s.get("file", ("", 0, b""))[2] not in
           (b"old " * 1000, b"new " * 1000)]
    print("control: %d states, %d with a torn file" % (len(found), len(bad)))
    return len(bad) > 0


if __name__ == "__main__":
    harness.main(sweep, (control,), ("states", 10000))
