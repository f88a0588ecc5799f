# SPDX-License-Identifier: MIT
"""What the fault harnesses share: a home, the flows that write in it, and what must hold after one.

A flow is a row of FLOWS: the commands that prepare its home, and the command that is disturbed. The
rules of a home that a disturbed command leaves behind are in Judge.between(): every file is the old
one or the new one, the vault opens, every credential that existed before is delivered with its old
or its new value, and nothing lies about that is not ours.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77
VAULT = ".thinkfleetbot/secrets/vault.json"
JOURNALS = ".thinkfleetbot/secrets/.txn/"
TEMP = re.compile(r"^\..+\.thinkfleetbot\.\d+\.[0-9a-f]{16}\.tmp$")
# A gateway's lock that we hold, or one being taken over.
PEER_LOCK = re.compile(r"/auth-profiles\.json\.lock(\.thinkfleetbot\.[0-9a-f.]+)?$")
CONTENT = ("checks.json", "vault.json", "vault.json.bak")  # judged by their content
KEY_FILE = re.compile(rb"^tfkey1_[A-Za-z0-9_-]{43}_[A-Za-z0-9_-]{8}\n$")
ANCHOR = re.compile(rb"^tfanchor1_[A-Za-z0-9_-]{43}_\d+\n$")


def invented(provider, n):
    """A key of the right shape that nobody ever had; n makes them differ in many places."""
    body = "".join("Zq%02dVx" % ((n * 37 + i * 11) % 97) for i in range(16))[:93]
    return {"anthropic": "sk-ant-api03-" + body + "AA", "openai": "sk-proj-" + body}[provider]


def onboard(provider, n, *more, profile=None):
    argv = ["onboard", "--non-interactive", "--provider", provider, "--method", "api-key",
            "--no-verify", "--key-fd", "0", *more]
    if profile:
        argv += ["--profile-id", profile]
    return argv, invented(provider, n)


def order(*profiles):
    return ["models", "auth", "order", "set", "--provider", "anthropic", *profiles], None


FIRST = onboard("anthropic", 1)
SECOND = onboard("anthropic", 2, profile="anthropic:work")
PLAIN = onboard("anthropic", 3, "--keep", "plain")

PASSPHRASE = "nine invented words that nobody ever used before"
CAPSULE = "capsule"  # in the folder of the home, beside it: it stays when the home is laid out again


def secrets(*words, given=None):
    return ["secrets", *words], given


def interrupted(step):
    """This step, killed when its journal was complete and its files were not."""
    return ("interrupted", step)


RECOVERY = secrets("slot", "add", "recovery", "--code-fd", "{out}")
EXPORT = secrets("export", CAPSULE, "--low-memory", "--passphrase-fd", "0", given=PASSPHRASE)
REMOVE = (["models", "auth", "remove", "anthropic:work", "--yes", "anthropic:work"], None)
ROTATE = (["models", "auth", "rotate", "anthropic:default", "--no-verify", "--key-fd", "0"],
          invented("anthropic", 7))

# name: (steps before, the step that is disturbed, what ends a second run of it besides status 0)
FLOWS = {
    "first": ([], FIRST, ()),
    "add": ([FIRST], SECOND, ()),
    "other": ([FIRST], onboard("openai", 4), ()),
    "rotate": ([FIRST, SECOND], onboard("anthropic", 5), ()),
    "model": ([FIRST], onboard("anthropic", 1, "--model", "anthropic/claude-opus-4-5"), ()),
    "plain": ([], PLAIN, ()),
    "unseal": ([FIRST], PLAIN, ()),
    "seal": ([PLAIN], onboard("anthropic", 6), ()),
    "order": ([FIRST, SECOND], order("anthropic:work", "anthropic:default"), ()),
    "order-clear": ([FIRST, SECOND, order("anthropic:work", "anthropic:default")],
                    (["models", "auth", "order", "clear", "--provider", "anthropic"], None), ()),
    "auth-rotate": ([FIRST], ROTATE, (1,)),
    "undo": ([FIRST, ROTATE], (["models", "auth", "rotate", "anthropic:default", "--undo",
                                "--no-verify"], None), (66,)),
    "remove": ([FIRST, SECOND], REMOVE, (66,)),
    "slot-add": ([FIRST], RECOVERY, ()),
    "slot-remove": ([FIRST, RECOVERY], secrets("slot", "remove", "s2"), (66,)),
    "rekey-file": ([FIRST, SECOND], secrets("rekey", "key-file"), ()),
    "rekey-vault": ([FIRST, SECOND], secrets("rekey", "vault", "--compromised", "--yes-offline"),
                    ()),
    "import": ([FIRST, SECOND, EXPORT, REMOVE],
               secrets("import", CAPSULE, "--merge", "--yes", "--passphrase-fd", "0",
                       given=PASSPHRASE), ()),
    "recover": ([FIRST, interrupted(onboard("anthropic", 5, profile="anthropic:work"))],
                onboard("anthropic", 5, profile="anthropic:work"), ()),
}
TOGGLES = ("undo",)  # run twice, they are back at the beginning
# The words of `thinkfleetbot help` without which a flow is not there yet.
NEEDS = {"auth-rotate": "models auth rotate", "undo": "models auth rotate",
         "remove": "models auth remove", "slot-add": "secrets slot add",
         "slot-remove": "secrets slot remove", "rekey-file": "secrets rekey",
         "rekey-vault": "secrets rekey", "import": "secrets import"}


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
        return subprocess.run(argv, pass_fds=(self.out,), input=(key or "").encode(), capture_output=True,
                              env=env or self.env, cwd=self.work, timeout=timeout, check=False)

    def step(self, step, before=(), env=None):
        """One command of a flow, behind a tracer when `before` has one."""
        argv, key = step
        return self.start([*before, self.program, *argv], key, env)

    def must(self, step):
        if step[0] == "interrupted":
            self.interrupt(step[1])
            return None
        done = self.step(step)
        if done.returncode != 0:
            raise Violation("an undisturbed %s failed: %s" % (step[0], done.stderr.decode()))
        return done

    def has(self, flow):
        """Does this build have the command of the flow?"""
        words = NEEDS.get(flow)
        if not words:
            return flow != "recover" or self.journals()
        return words in self.start([self.program, "help"]).stdout.decode()

    def journals(self):
        """Are several files changed behind a journal?"""
        with open(self.program, "rb") as f:
            return b"intent.json" in f.read()

    def interrupt(self, step):
        """Kills the step where only the next start can finish it."""
        files = tree(self.home)
        report, _ = self.traced(step, "count")
        coarse = range(report["stops"], 0, -16)
        for n in [*coarse, *range(report["stops"], 0, -1)]:
            lay_out(self.home, files)
            self.traced(step, "kill", n)
            now = tree(self.home)
            if any(name.endswith("/intent.json") for name in now) and \
                    now.get(VAULT) == files.get(VAULT):
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
        if base == ".lock" or PEER_LOCK.search(name) or entry == self.before.get(name) or entry == self.after.get(name):
            return
        if name in self.before and name not in self.varying and name not in self.after and \
                base not in CONTENT:
            raise Violation(name + " is neither the old file nor gone")
        if base.endswith((".key", ".key.new")):
            good = KEY_FILE.match(data) and entry[1] == 0o400
        elif base.endswith(".anchor"):
            good = ANCHOR.match(data) and entry[1] == 0o600
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

    def between(self):
        """The home as a disturbed command left it. Returns its temporary files."""
        files = tree(self.world.home)
        left = self.files(files)
        self.delivered(observe(self.world, files))
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


def chosen(bin_folder, flows):
    """The flows by name, or all; without those whose command this build does not have."""
    with World(bin_folder) as w:
        there = [f for f in (FLOWS if flows == ["all"] else flows) if w.has(f)]
    for flow in set(flows) - set(there) - {"all"}:
        print("skipped: this build has no command for the flow " + flow)
    return there


def sample(items, n):
    """n of them, spread evenly, with the first and the last; n 0: all."""
    items = list(items)
    if not n or len(items) <= n:
        return items
    return [items[i * (len(items) - 1) // (n - 1)] for i in range(n)]
