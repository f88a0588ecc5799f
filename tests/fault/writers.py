#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T4: many writers at once, a reader that never stops, random kills (security.md 5).

    writers.py BIN [--writers 8] [--updates 500] [--kills 0.05] [--peer january|april]...
    writers.py BIN --control    writers, and a gateway, without a lock must be seen to lose updates

Every writer owns one profile and gives it one new key after the other. What a writer was told was
saved must be what is delivered when it stops, although all write the same files; a writer that was
killed has its old or its new key. --peer KIND starts a gateway beside them (tests/node/lock): january
is proper-lockfile itself, april the family's lock file. Each keeps a counter of its own in
auth-profiles.json under its lock, and none of its updates may be lost either. A reader polls all
files, and how long one holder keeps the lock of auth-profiles.json.
"""
import argparse
import json
import os
import random
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time

import world
from flows import invented, onboard
from harness import SKIPPED, Tally
from judge import observe
from world import Violation, World

PEERS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "node/lock")
NODE = shutil.which("node")
HOLD_MS = 1000
BUSY = 75
FEW = 100  # at most one update of so many may be refused


class Writer(threading.Thread):
    """One profile, updated again and again. `allowed`: what may be delivered for it now."""

    def __init__(self, w, number, updates, kills):
        super().__init__()
        self.w = w
        self.number = number
        self.updates = updates
        self.kills = kills
        self.rng = random.Random(number)
        self.profile = "anthropic:w%d" % number
        self.allowed = {None}
        self.saved = 0
        self.killed = 0
        self.killed_pids = set()
        self.refused = 0
        self.problems = []

    def run(self):
        for n in range(self.updates):
            key = invented("anthropic", 1000 * self.number + n)
            argv = [self.w.program, *onboard("anthropic", 0, profile=self.profile)[0]]
            child = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, env=self.w.env)
            if self.rng.random() < self.kills:
                threading.Timer(self.rng.random() * 0.05, child.kill).start()
            _, text = child.communicate(key.encode())
            if child.returncode == 0:
                self.allowed = {key}
                self.saved += 1
            elif child.returncode == -signal.SIGKILL:
                self.allowed = self.allowed | {key}
                self.killed += 1
                self.killed_pids.add(child.pid)
            elif child.returncode == BUSY and b"nothing was changed" in text:
                self.refused += 1  # a gateway was quicker at every attempt; what was, is
            else:
                self.problems.append("update %d ended with %d: %s" % (
                    n, child.returncode, text.decode().strip()))


class Reader(threading.Thread):
    """Whoever reads at any time finds whole files."""

    def __init__(self, w):
        super().__init__()
        self.w = w
        self.stop = threading.Event()
        self.reads = 0
        self.holders = {}  # (inode, pid or 0): (first seen, last seen)
        self.problems = []

    def run(self):
        names = ["secrets/vault.json", "agents/main/agent/auth-profiles.json", "thinkfleetbot.json"]
        while not self.stop.is_set():
            self.look_at_lock()
            for name in names:
                path = os.path.join(self.w.state, name)
                try:
                    with open(path, "rb") as f:
                        data = f.read()
                    json.loads(data)
                    self.reads += 1
                except FileNotFoundError:
                    if self.reads > 10:
                        self.problems.append(name + " was gone")
                except ValueError:
                    self.problems.append("%s was read torn (%d bytes)" % (name, len(data)))
            time.sleep(0.001)

    def look_at_lock(self):
        path = os.path.join(self.w.state, "agents/main/agent/auth-profiles.json.lock")
        now = time.monotonic()
        try:
            at = os.stat(path)
            pid = 0
            if not stat.S_ISDIR(at.st_mode):
                with open(path, "rb") as f:
                    pid = json.loads(f.read())["pid"]
        except (OSError, ValueError):
            return  # not held, or just being taken
        first, _ = self.holders.get((at.st_ino, pid), (now, now))
        self.holders[at.st_ino, pid] = (first, now)

    def longest(self, killed):
        """How long one that was not killed held it, in milliseconds."""
        return max((int(1000 * (last - first)) for (_, pid), (first, last) in self.holders.items()
                    if pid not in killed), default=0)


def judge(w, tally, writers, reader):
    for t in [*writers, reader]:
        for problem in t.problems:
            tally.violation(t.__class__.__name__.lower(), problem)
    files = world.tree(w.home)
    seen = observe(w, files)
    for t in writers:
        got = seen.get(("record", "main/%s/key" % t.profile))
        if got not in t.allowed:
            tally.violation(t.profile, "an update was lost")
    locks = [n for n in files if n.endswith(".lock") and os.path.basename(n) != ".lock"]
    if locks:
        tally.violation("locks", "left behind: %s" % locks)
    done = w.step(onboard("anthropic", 1))
    if done.returncode != 0:
        tally.violation("afterwards", "a save ended with %d: %s" % (done.returncode,
                                                                  done.stderr.decode()))
    tally.note("temporary files of killed writers", sum(
        1 for n in files if world.TEMP.match(os.path.basename(n))))


def start_peers(w, kinds):
    peers = [subprocess.Popen([NODE, os.path.join(PEERS, "storm_peer.mjs"), kind, w.home],
                              env=w.env, stdout=subprocess.PIPE) for kind in kinds]
    for p in peers:
        p.stdout.readline()  # it is ready
    return peers


def stop_peer(p):
    p.terminate()
    out, _ = p.communicate(timeout=120)
    return json.loads(out)


def peer_ended(tally, p, updates):
    end = stop_peer(p)
    tally.note("updates of the %s gateway" % end["kind"], end["updates"])
    tally.note("times that the %s gateway found the lock taken for too long" % end["kind"],
               end["busy"])
    tally.note("milliseconds, the longest hold of the %s gateway" % end["kind"], end["longest_ms"])
    if p.returncode != 0 or end["lost"] or end["torn"]:
        tally.violation("peer", "%s" % end)
    if end["updates"] < updates / 10:
        tally.violation("peer", "the %s gateway got through %d times only" % (end["kind"],
                                                                              end["updates"]))


def storm(w, a):
    tally = Tally("writers %d x %d" % (a.writers, a.updates))
    w.must(onboard("anthropic", 0))
    peers = start_peers(w, a.peer)
    reader = Reader(w)
    writers = [Writer(w, n + 1, a.updates, a.kills) for n in range(a.writers)]
    for t in [reader, *writers]:
        t.start()
    for t in writers:
        t.join()
    reader.stop.set()
    reader.join()
    for p in peers:
        peer_ended(tally, p, a.updates)
    longest = reader.longest(set().union(*(t.killed_pids for t in writers)))
    tally.note("milliseconds, the longest that one held the lock", longest)
    tally.note("holders of the lock seen", len(reader.holders))
    if longest >= HOLD_MS:
        tally.violation("lock", "held for %d ms" % longest)
    tally.cases = sum(t.saved + t.killed + t.refused for t in writers)
    refused = sum(t.refused for t in writers)
    tally.note("updates refused because a gateway was quicker each time", refused)
    if refused > tally.cases / FEW:
        tally.violation("writers", "%d updates were refused" % refused)
    tally.note("updates that were confirmed", sum(t.saved for t in writers))
    tally.note("writers killed", sum(t.killed for t in writers))
    tally.note("reads", reader.reads)
    try:
        judge(w, tally, writers, reader)
    except Violation as why:
        tally.violation("afterwards", why)
    return tally.report()


def control(w):
    path = os.path.join(w.home, "number")
    with open(path, "w", encoding="ascii") as f:
        f.write("0")
    running = [subprocess.Popen([os.path.join(w.bin, "fault_control"), "unlocked", path, "100"])
               for _ in range(4)]
    for p in running:
        p.wait()
    with open(path, encoding="ascii") as f:
        lost = 400 - int(f.read())
    print("control: %d of 400 updates without a lock were lost" % lost)
    return lost > 0


def peer_control(w):
    """A gateway that takes no lock, beside a writer: its updates, or the writer's, get lost."""
    w.must(onboard("anthropic", 0))
    peers = start_peers(w, ["none"])
    told = [p for n, p in enumerate("anthropic:c%d" % n for n in range(24))
            if w.step(onboard("anthropic", n, profile=p)).returncode == 0]
    lost = sum(stop_peer(p)["lost"] for p in peers)
    store = world.tree(w.home)[".thinkfleetbot/agents/main/agent/auth-profiles.json"][2]
    gone = sum(p not in json.loads(store)["profiles"] for p in told)
    print("control: a gateway without a lock lost %d of its updates, and %d of our %d profiles" % (
        lost, gone, len(told)))
    return lost + gone > 0


def main():
    p = argparse.ArgumentParser()
    p.add_argument("bin")
    p.add_argument("--writers", type=int, default=8)
    p.add_argument("--updates", type=int, default=500)
    p.add_argument("--kills", type=float, default=0.05)
    p.add_argument("--peer", action="append", default=[])
    p.add_argument("--control", action="store_true")
    a = p.parse_intermixed_args()
    if a.peer and not (NODE and os.path.isdir(os.path.join(PEERS, "node_modules"))):
        print("skipped: no node, or `npm ci` was not run in tests/node/lock")
        return SKIPPED
    with World(a.bin) as w:
        if a.control and not control(w):
            return 1
    with World(a.bin) as w:
        if a.control and a.peer and not peer_control(w):
            return 1
    with World(a.bin) as w:
        return 0 if storm(w, a) else 1


if __name__ == "__main__":
    sys.exit(main())
