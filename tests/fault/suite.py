#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T10: where the keys of the end-to-end tests go, over the whole suite (security.md 5).

    suite.py BIN SOURCE [--control] [SCRIPT[:VARIANT]...]     without scripts: all of tests/e2e

Every script of tests/e2e is run with the program behind strace, which writes down what each of its
processes hands to anybody: arguments, environments, and every write, whole. All random text that
tests/e2e/lib.sh makes keys of is a canary, and is looked for in the shapes of scan.py: on the
terminal, in stdout and stderr, in files, in arguments and environments of children. It may be seen
only where the table ALLOWED says. A process that dumped core is a violation too.

A script that strace disturbs is named, and its records count; more than a few of them fail the test.
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import SKIPPED, Tally
from scan import needles

TRACED = "execve,fork,vfork,clone,clone3,write,writev,pwrite64,sendto,sendmsg"
# These run a tracer of their own, judge the process that is strace here, or let nothing outside be written.
NOT_HERE = ("leaks", "hygiene", "deliver", "systemd")
DISTURBED = 3
SELF = r".*/thinkfleetbot"
TEMP = r"\.thinkfleetbot\.\d+\.[0-9a-f]{16}\.tmp"
# What a person asked to keep in plain text, and what others had put there already.
PLAIN = ("write", SELF, r".*/\.(\.env|auth-profiles\.json)" + TEMP)
# Such a file on its way through a journal (store/txn.h): only what goes there, too; see strays().
COPIES = ("write", SELF, r".*/secrets/\.txn/\w+/\.\d+\.new" + TEMP)
# (what was called, by which program, to what) may carry a key; the rest is a leak.
ALLOWED = (
    ("send|write", SELF, r"UNIX.*"),                          # to the probe,
    ("send|write", SELF + "-probe", r"TCP.*"),                # and on to the provider
    ("write", SELF + "-resolve", r"pipe:.*"),                 # what the gateway asked for
    PLAIN,
    COPIES,
    # What the test itself started it with: nobody of this trace came before.
    ("arguments|environment", r"\?", r"\"" + SELF + "\""),
    ("write", r".*/claude", r"/dev/pts/.*|pipe:.*"),          # the tool that setup-token listens to
    ("environment", SELF + " run", r".*"),                    # what `run` is for,
    (r".*", "a command of run", r".*"),                       # and what the test's command does then
)
CALL = re.compile(r"(\d+) +(\w+)\((.*)", re.S)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|[0-7]{1,3}|.)", re.S)
LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f", b"a": b"\a",
           b"b": b"\b"}


def unescape(text):
    def one(m):
        what = m[1]
        if what[:1] == b"x":
            return bytes([int(what[1:], 16)])
        if what[:1].isdigit():
            return bytes([int(what, 8)])
        return LETTERS.get(what, what)

    return ESCAPE.sub(one, text.encode("latin-1"))


class Records:
    """What the processes of one trace wrote: {(what, program, to whom): bytes}"""

    def __init__(self):
        self.streams = collections.defaultdict(list)
        self.programs = {}
        self.parents = {}
        self.cores = []
        self.calls = 0

    def parent(self, line):
        m = re.match(r"(\d+) .*\b(?:v?fork|clone3?)\b.*= (\d+)$", line)
        if m:
            self.parents[m[2]] = m[1]

    def who(self, pid):
        while pid and pid not in self.programs:
            pid = self.parents.get(pid)
        return self.programs.get(pid, "?")

    def line(self, line):
        if "(core dumped)" in line:
            self.cores.append(line.strip())
        m = CALL.match(line)
        if not m:
            return
        pid, call, rest = m.groups()
        self.calls += 1
        if call == "execve":
            self.executed(pid, rest)
            return
        to = re.match(r"\d+<([^>]*(?:->[^>]*)?)", rest)
        what = "send" if call.startswith("send") else "write"
        who = self.who(pid)
        self.streams[what, who, to[1] if to else "?"] += map(unescape, TEXT.findall(rest))

    def executed(self, pid, rest):
        who = self.who(pid)
        program, _, rest = rest.partition(", [")
        words, _, variables = rest.partition("], ")
        texts = [unescape(t) for t in TEXT.findall(words)]
        self.streams["arguments", who, program] += [b"\0".join(texts)]
        self.streams["environment", who, program] += map(unescape, TEXT.findall(variables))
        if " = -1 " in rest:
            return
        name = TEXT.search(program)
        self.programs[pid] = (name[1] if name else "?") + (" run" if b"run" in texts[1:] else "")
        if who.endswith(" run"):  # also its children, through who()
            self.programs[pid] = "a command of run"
        elif who.endswith("/claude"):  # and what that tool runs
            self.programs[pid] = who


def read_traces(folder):
    records = Records()
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), encoding="latin-1") as f:
            lines = f.readlines()
        records.programs, records.parents = {}, {}
        for line in lines:
            records.parent(line)
        for line in lines:
            records.line(line)
    return records


def find(records, canaries):
    """[(what, program, to whom, shape, canary)]"""
    # Cells of 28 bytes are a shape of ncurses' memory: on a terminal there is only the text itself.
    shapes = [(kind, data, text) for text in canaries for kind, width, _, data in needles("", text)
              if width > 1]
    found = []
    for where, parts in records.streams.items():
        data = b"".join(parts)
        found += [(*where, kind, text) for kind, needle, text in shapes if needle in data]
    return found


def fits(row, where):
    return all(re.fullmatch(pattern, text) for pattern, text in zip(row, where))


def allowed(where):
    return any(fits(row, where) for row in ALLOWED)


def strays(found):
    """The keys in a journal that are in no file which may have them."""
    return {f[4] for f in found if fits(COPIES, f)} - {f[4] for f in found if fits(PLAIN, f)}


def scripts(source):
    """The rows of tests/e2e/CMakeLists.txt."""
    with open(os.path.join(source, "tests/e2e/CMakeLists.txt"), encoding="utf-8") as f:
        rows = re.findall(r"^e2e\((\w+)((?: \w+)*)\)", f.read(), re.M)
    return [(name, v) for name, variants in rows for v in (variants.split() or ["-"])]


def wrap(bin_folder, into, traces):
    os.mkdir(into)
    for name in os.listdir(bin_folder):
        os.symlink(os.path.join(bin_folder, name), os.path.join(into, name))
    for name in ("thinkfleetbot",):
        path = os.path.join(into, name)
        os.unlink(path)
        with open(path, "w", encoding="utf-8") as f:
            # -D: the program keeps the process id that the test knows.
            f.write("#!/bin/sh\nexec strace -D -qq -f -yy -v -s 200000 -o %s/$$ -e trace=%s "
                    "-e signal=none %s \"$@\"\n" % (traces, TRACED, os.path.join(bin_folder, name)))
        os.chmod(path, 0o755)
    os.chmod(traces, 0o1777)


def run_suite(a, work, tally):
    traces = os.path.join(work, "traces")
    os.mkdir(traces)
    wrapped = os.path.join(work, "bin")
    wrap(os.path.abspath(a.bin), wrapped, traces)
    env = dict(os.environ, E2E_CANARIES=os.path.join(work, "canaries"))
    disturbed = []
    wanted = [tuple((s + ":-").split(":")[:2]) for s in a.scripts] or scripts(a.source)
    for name, variant in wanted:
        if name in NOT_HERE:
            tally.note("not run here: " + name)
            continue
        script = os.path.join(a.source, "tests/e2e", name + ".sh")
        done = subprocess.run(["bash", script, wrapped, a.source, variant], env=env,
                              capture_output=True, check=False)
        tally.note("scripts")
        if done.returncode not in (0, SKIPPED):
            disturbed.append("%s %s" % (name, variant))
            tally.note("disturbed by strace: %s %s: %s" % (
                name, variant, done.stderr.decode("utf-8", "replace").strip()[:100]))
    if len(disturbed) > DISTURBED:
        tally.violation("suite", "%d scripts failed under strace" % len(disturbed))
    return traces, env["E2E_CANARIES"]


def sweep(a, work):
    tally = Tally("suite")
    traces, path = run_suite(a, work, tally)
    with open(path, "rb") as f:
        canaries = sorted({line for line in f.read().split() if len(line) >= 30})
    records = read_traces(traces)
    tally.cases = len(canaries)
    tally.note("traces", len(os.listdir(traces)))
    tally.note("calls looked at", records.calls)
    tally.note("KiB looked at", sum(len(p) for s in records.streams.values() for p in s) // 1024)
    found = find(records, canaries)
    if strays(found):
        tally.violation("journal", "%d keys that no plain file holds" % len(strays(found)))
    seen = collections.Counter(f[:4] for f in found)
    for (what, who, to, shape), n in sorted(seen.items()):
        place = "%s by %s to %s, %s" % (what, os.path.basename(who), to[:120], shape)
        if allowed((what, who, to)):
            tally.note("where it belongs: %s by %s" % (what, os.path.basename(who)), n)
        else:
            tally.violation(place, "%d canaries" % n)
    for line in records.cores:
        tally.violation("core", line)
    if not canaries or not any(allowed(where[:3]) for where in seen):
        tally.violation("suite", "no canary was seen even where it belongs: nothing was looked at")
    return tally.report()


def control(work):
    """A program that says a key in every shape, and gives it to a child as argument and variable."""
    traces = os.path.join(work, "control")
    os.mkdir(traces)
    secret = os.urandom(40).hex().encode()
    shapes = [n for n in needles("", secret) if n[1] > 1]
    path = os.path.join(work, "shapes")
    with open(path, "wb") as f:
        f.write(b"".join(b"-- " + n[3] for n in shapes))
    subprocess.run(["strace", "-D", "-qq", "-f", "-yy", "-v", "-s", "200000", "-o", traces + "/1", "-e",
                    "trace=" + TRACED, "/bin/sh", "-c",
                    'cat %s; KEY=$0 /bin/true "$0"' % path, secret.decode()],
                   stdout=subprocess.DEVNULL, check=False)
    found = find(read_traces(traces), [secret])
    said = {shape for what, _, _, shape, _ in found if what == "write"}
    given = {f[0] for f in found}
    print("control: %d of %d shapes found, and in %s" % (len(said), len(shapes), sorted(given)))
    return len(said) == len(shapes) and {"arguments", "environment"} <= given


def main():
    p = argparse.ArgumentParser()
    p.add_argument("bin")
    p.add_argument("source")
    p.add_argument("--control", action="store_true")
    p.add_argument("scripts", nargs="*")
    a = p.parse_intermixed_args()
    if os.geteuid() != 0 or not shutil.which("strace") or not shutil.which("tmux"):
        print("skipped: takes root, strace and tmux")
        return SKIPPED
    with open(os.path.join(a.bin, "thinkfleetbot"), "rb") as f:
        if b"__asan_init" in f.read():
            print("skipped: the leak sanitizer does not run under strace")
            return SKIPPED
    work = tempfile.mkdtemp(prefix="tfb-suite-")
    os.chmod(work, 0o711)
    try:
        return 0 if (not a.control or control(work)) and sweep(a, work) else 1
    finally:
        if os.environ.get("KEEP"):
            print("kept: " + work)
        else:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
