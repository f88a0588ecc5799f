# SPDX-License-Identifier: MIT
"""What must hold of a home that a disturbed command left behind.

Judge.between(): every file is the old one or the new one, the vault opens, every credential that
existed before is delivered with its old or its new value, and nothing lies about that is not ours.
Judge.finish(): the command run again succeeds, and everything is as it should be.
"""
import json
import os
import re

from flows import FLOWS, PASSPHRASE, TOGGLES
from world import JOURNALS, PEER_LOCK, TEMP, VAULT, Violation, lay_out, tree

CONTENT = ("checks.json", "vault.json", "vault.json.bak")  # judged by their content
KEY_FILE = re.compile(rb"^tfkey1_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{8}\n$")
ANCHOR = re.compile(rb"^tfanchor1_[A-Za-z0-9_-]{43}_\d+\n$")


def references(files):
    """The record ids that the profiles of all agents refer to."""
    found = set()
    for name, (_, _, data) in files.items():
        if name.endswith("/auth-profiles.json"):
            for profile in parse(name, data).get("profiles", {}).values():
                for field in ("keyRef", "tokenRef"):
                    if field in profile:
                        found.add(profile[field]["id"])
    return found


def parse(name, data):
    try:
        return json.loads(data)
    except ValueError as why:
        raise Violation("%s is torn: %s (%d bytes)" % (name, why, len(data))) from why


def authentic(world):
    """The resolver serves what opens even from a damaged vault; the doctor looks at all of it."""
    done = world.start([world.program, "doctor", "--json"])
    if done.returncode < 0:
        raise Violation("doctor was killed by signal %d" % -done.returncode)
    for line in json.loads(done.stdout).get("findings", []):
        if line["checkId"] == "vault" and line["severity"] == "error":
            raise Violation("doctor: " + line["message"])


def observe(world, files):
    """What is delivered: {("record", id) or ("variable", name): value}. Everything must open."""
    seen = {}
    vault = files.get(VAULT)
    ids = []
    if vault:
        ids = [r["id"] for r in parse("vault.json", vault[2])["records"]]
    if vault and ids:
        values = world.ask(world.resolver, ids)
        for record in ids:
            if record not in values:
                raise Violation("the vault does not open: no value for " + record)
            seen["record", record] = values[record]
        authentic(world)
    wanted = references(files)
    if wanted:
        installed = os.path.join(world.state, "bin/thinkfleetbot-resolve")
        values = world.ask(installed, sorted(wanted))
        for record in wanted:
            if record not in values:
                raise Violation("a profile refers to %s, which does not resolve" % record)
    done = world.start([world.program, "run", "--", "/usr/bin/env", "-0"])
    if done.returncode != 0:
        raise Violation("run ended with %d: %s" % (done.returncode, done.stderr.decode()))
    variables = dict(v.split("=", 1) for v in done.stdout.decode().split("\0") if "=" in v)
    for line in files.get(".thinkfleetbot/.env", ("f", 0, b""))[2].decode().splitlines():
        name, _, value = line.partition("=")
        if not name.startswith("THINKFLEETBOT_SEALED_"):
            variables.setdefault(name, value.strip('"'))
    for name, value in variables.items():
        if name.endswith("_API_KEY"):
            seen["variable", name] = value
    return seen


class Judge:
    """Knows a flow's home before and after, and says what is wrong with one in between."""

    def __init__(self, world, flow):
        self.world = world
        self.flow = flow
        self.dead_locks = 0
        steps, self.step, self.again = FLOWS[flow]
        for step in steps:
            world.must(step)
        self.before = tree(world.home)
        self.seen_before = observe(world, self.before)
        world.must(self.step)
        self.after = tree(world.home)
        self.seen_after = observe(world, self.after)
        self.reset()
        world.must(self.step)
        again = tree(world.home)
        # What is random or has the time in it; those files are judged by their content.
        self.varying = {n for n in set(self.after) ^ set(again)}
        self.varying |= {n for n in self.after if n in again and self.after[n] != again[n]}
        # The anchor may lag behind by one generation: it moves after the vault.
        self.varying |= {n for n in self.after if n.endswith((".anchor", "/vault.json"))}
        self.reset()

    def reset(self):
        lay_out(self.world.home, self.before)

    def file(self, name, entry):
        """One file of a disturbed home: the old one or the new one."""
        base = os.path.basename(name)
        data = entry[2]
        if base == ".lock" or PEER_LOCK.search(name) or \
                entry in (self.before.get(name), self.after.get(name)):
            return
        if name in self.before and name not in self.varying and name not in self.after and \
                base not in CONTENT:
            raise Violation(name + " is neither the old file nor gone")
        if base.endswith((".key", ".key.new")):
            good = KEY_FILE.match(data) and entry[1] == 0o400
        elif base.endswith(".anchor"):
            good = ANCHOR.match(data) and entry[1] == 0o600
        elif base == "capsule":  # see capsule_opens()
            good = len(data) == len(self.after[name][2]) and entry[1] == 0o600
        elif name in self.varying or base in CONTENT:
            good = parse(name, data) and entry[1] == 0o600
        else:
            good = False
        if not good:
            raise Violation("%s is neither the old nor the new file (%d bytes, mode %o): %r" %
                            (name, len(data), entry[1], data[:60]))

    def dead_lock(self, name, entry):
        """A gateway's lock outlived its holder: the gateways must see that at once, by the pid."""
        if entry[0] == "d" or os.path.exists("/proc/%d" % parse(name, entry[2])["pid"]):
            raise Violation("after the next run there is still " + name)
        self.dead_locks += 1

    def files(self, files):
        """Every file; returns the temporary files that lie about."""
        left = []
        for name, entry in files.items():
            if name.startswith(JOURNALS):
                continue
            if TEMP.match(os.path.basename(name)):
                left.append(name)
            elif entry[0] == "d":
                if entry[1] != 0o700 and not PEER_LOCK.search(name):
                    raise Violation("%s has mode %o" % (name, entry[1]))
            else:
                self.file(name, entry)
        for name in self.before:
            if name not in files and name in self.after and name not in self.varying:
                raise Violation(name + " is gone")
        return left

    def delivered(self, seen):
        for what in set(self.seen_before) | set(self.seen_after) | set(seen):
            allowed = {self.seen_before.get(what), self.seen_after.get(what)}
            if seen.get(what) not in allowed:
                raise Violation("%s %s delivers neither the old nor the new value: %s" %
                                (*what, "nothing" if what not in seen else "another one"))

    def capsule_opens(self, files):
        if "capsule" not in files:
            return
        words = ["secrets", "verify", "--restore-test", "home/capsule", "--passphrase-fd", "0"]
        done = self.world.step((words, PASSPHRASE))
        if done.returncode != 0:
            raise Violation("the capsule does not open: " + done.stderr.decode())

    def between(self):
        """The home as a disturbed command left it. Returns its temporary files."""
        files = tree(self.world.home)
        left = self.files(files)
        self.delivered(observe(self.world, files))
        self.capsule_opens(files)
        return left

    def finish(self):
        """The command again: it succeeds and everything is as it should be."""
        done = self.world.step(self.step)
        if done.returncode != 0 and done.returncode not in self.again:
            raise Violation("the next run ended with %d: %s" %
                            (done.returncode, done.stderr.decode()))
        files = tree(self.world.home)
        left = self.files(files)
        for name, entry in self.after.items():
            if name not in self.varying and files.get(name) != entry and \
                    not name.endswith(("/.lock", ".bak")):
                raise Violation("after the next run %s is not the new file" % name)
        seen = observe(self.world, files)
        self.capsule_opens(files)
        if self.flow in TOGGLES:
            self.delivered(seen)
            return left, 0
        for what, value in self.seen_after.items():
            if seen.get(what) != value and not what[1].endswith("/prev"):
                raise Violation("after the next run %s %s is not the new one" % what)
        rest = [n for n in files if n.startswith(JOURNALS) or n.endswith(".key.new")]
        if rest:
            raise Violation("after the next run there is still %s" % rest)
        for name in files:
            if PEER_LOCK.search(name):
                self.dead_lock(name, files[name])
        keys = [n for n in files if n.endswith(".key")]
        return left, max(0, len(keys) - 1)
