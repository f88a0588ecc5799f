# SPDX-License-Identifier: MIT
"""A home to disturb: how it is laid out, run in, and traced. flows.py has what is run, judge.py what
must hold afterwards, harness.py what all the sweeps do alike.
"""
import ctypes
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from flows import NEEDS

SKIPPED = 77
VAULT = ".thinkfleetbot/secrets/vault.json"
JOURNALS = ".thinkfleetbot/secrets/.txn/"
TEMP = re.compile(r"^\..+\.thinkfleetbot\.\d+\.[0-9a-f]{16}\.tmp$")
# A gateway's lock that we hold, or one being taken over.
PEER_LOCK = re.compile(r"/(?:auth-profiles|sessions)\.json\.lock(\.thinkfleetbot\.[0-9a-f.]+)?$")


class Violation(Exception):
    """A promise that did not hold; the text says which and where."""


def tree(root):
    """{relative path: (kind, mode, bytes)}"""
    found = {}

    def walk(folder, prefix):
        for entry in os.scandir(folder):
            mode = entry.stat(follow_symlinks=False).st_mode & 0o7777
            if entry.is_dir(follow_symlinks=False):
                found[prefix + entry.name] = ("d", mode, b"")
                walk(entry.path, prefix + entry.name + "/")
            else:
                with open(entry.path, "rb") as f:
                    found[prefix + entry.name] = ("f", mode, f.read())

    walk(root, "")
    return found


def of_nobody(name):
    """A temporary file of a process that cannot be: the number of a dead one is soon another's."""
    return re.sub(r"(\.thinkfleetbot\.)\d+(\.[0-9a-f]{16}(\.tmp)?)$", r"\g<1>4194305\2", name)


def lay_out(root, files):
    shutil.rmtree(root, ignore_errors=True)
    os.mkdir(root, 0o700)
    for name in sorted(files):
        kind, mode, data = files[name]
        path = os.path.join(root, name)
        if kind == "d":
            os.mkdir(path)
        else:
            with open(path, "wb") as f:
                f.write(data)
        os.chmod(path, mode)


def fast_folder():
    """In memory where programs may be run from there: thousands of fsyncs cost nothing then."""
    shm = "/dev/shm"
    if os.access(shm, os.W_OK) and not os.statvfs(shm).f_flag & os.ST_NOEXEC:
        return shm
    return None


def little_memory(folder):
    """From here on /proc says that little memory is free, so that a passphrase costs its floor (19
    MiB, 20 ms) and not its best (256 MiB, 0.7 s). Only for this process, and only as root."""
    fake = os.path.join(folder, "meminfo")
    with open(fake, "w", encoding="ascii") as f:
        f.write("MemTotal: 500000 kB\nMemFree: 90000 kB\nMemAvailable: 90000 kB\n")
    if os.geteuid() == 0 and ctypes.CDLL(None).unshare(0x00020000) == 0:
        for words in (["--make-rprivate", "/"], ["--bind", fake, "/proc/meminfo"]):
            subprocess.run(["mount", *words], capture_output=True, check=False)


class World:
    """A folder with a home in it and the built programs; the folder goes when the test ends."""

    def __init__(self, bin_folder):
        self.bin = os.path.abspath(bin_folder)
        self.work = tempfile.mkdtemp(prefix="tfb-fault-", dir=fast_folder())
        self.home = os.path.join(self.work, "home")
        self.program = os.path.join(self.bin, "thinkfleetbot")
        self.resolver = os.path.join(self.bin, "thinkfleetbot-resolve")
        self.tracer = os.path.join(self.bin, "fault_trace")
        self.state = os.path.join(self.home, ".thinkfleetbot")
        self.env = {"HOME": self.home, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8",
                    "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0"}
        self.out = os.open("/dev/null", os.O_WRONLY)  # for what a command writes to a descriptor
        with open(self.program, "rb") as f:
            self.sanitized = b"__asan_init" in f.read()
        if self.sanitized:
            self.env["FAULT_SANITIZED"] = "1"
        os.mkdir(self.home, 0o700)
        little_memory(self.work)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.out)
        if os.environ.get("KEEP"):
            print("kept: " + self.work, file=sys.stderr)
        else:
            shutil.rmtree(self.work, ignore_errors=True)

    def start(self, argv, key=None, env=None, timeout=60):
        argv = [str(self.out) if a == "{out}" else a for a in argv]
        return subprocess.run(argv, pass_fds=(self.out,), input=(key or "").encode(),
                              capture_output=True, env=env or self.env, cwd=self.work, timeout=timeout, check=False)

    def step(self, step, before=(), env=None):
        """One command of a flow, behind a tracer when `before` has one."""
        argv, key = step
        return self.start([*before, self.program, *argv], key, env)

    def must(self, step):
        if isinstance(step[0], str):
            return getattr(self, step[0])(*step[1:])
        done = self.step(step)
        if done.returncode != 0:
            raise Violation("an undisturbed %s failed: %s" % (step[0], done.stderr.decode()))
        return done

    def has(self, flow):
        """Does this build have the command of the flow?"""
        words = NEEDS.get(flow)
        if not words:
            return not flow.startswith("recover") or self.journals()
        return words in self.start([self.program, "help"]).stdout.decode()

    def journals(self):
        """Are several files changed behind a journal?"""
        with open(self.program, "rb") as f:
            return b"intent.json" in f.read()

    def empty(self):
        lay_out(self.home, {})

    def planted(self, name, text):
        with open(os.path.join(self.home, name), "a", encoding="utf-8") as f:
            f.write(text)

    def interrupted(self, step, begun):
        """Kills the step where only the next start can finish it: where the most is left to do."""
        files = tree(self.home)
        report, _ = self.traced(step, "count")
        stops = range(1, report["stops"] + 1) if begun else range(report["stops"], 0, -1)
        for n in [*stops[::16], *stops]:
            lay_out(self.home, files)
            self.traced(step, "kill", n)
            now = tree(self.home)
            if any(name.endswith("/intent.json") for name in now) and \
                    (now.get(VAULT) == files.get(VAULT)) != begun:
                lay_out(self.home, {of_nobody(name): entry for name, entry in now.items()})
                return
        raise Violation("no stop leaves a journal behind")

    def traced(self, step, mode, *args, env=None):
        """(report, completed process); the report is the tracer's."""
        report = os.path.join(self.work, "report")
        done = self.step(step, [self.tracer, "--under", self.home, "--report", report,
                                mode, *map(str, args), "--"], env)
        if done.returncode != 0:
            raise RuntimeError("fault_trace: " + done.stderr.decode())
        with open(report, "rb") as f:
            return json.loads(f.read()), done

    def ask(self, program, ids):
        """What a gateway would be told."""
        request = {"protocolVersion": 1, "provider": "thinkfleetbot", "ids": ids}
        done = self.start([program, "--state-dir", self.state, "--key-dir", os.path.join(
            self.home, ".local/share/thinkfleetbot/keys")], json.dumps(request),
                          env={k: v for k, v in self.env.items() if k == "ASAN_OPTIONS"})
        if done.returncode != 0:
            raise Violation("the resolver ended with %d: %s" %
                            (done.returncode, done.stderr.decode()))
        return json.loads(done.stdout)["values"]
