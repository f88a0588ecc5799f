# SPDX-License-Identifier: MIT
"""One prepared host: a home of its own, the programs, and ways to look at it and to break it."""

import json
import os
import pty
import shutil
import stat
import subprocess
import termios

ANTHROPIC = "sk-ant-api03-" + "Ab3" * 31 + "AA"
ANTHROPIC_2 = "sk-ant-api03-" + "Xy7" * 31 + "AA"
OPENAI = "sk-proj-" + "Qr5" * 40
TOKEN = "sk-ant-oat01-" + "Vw8" * 31 + "AA"
OLD = 1700000000  # long before any test


class Host:
    """A home that is put back to its healthy state before every row."""

    def __init__(self, work, programs, state=".thinkfleetbot", config="thinkfleetbot.json", env=None):
        self.programs = programs
        self.work = work
        self.home = os.path.join(work, "home")
        self.good = os.path.join(work, "good")
        self.state_name = state
        self.state = os.path.join(self.home, state)
        self.config_name = config
        self.shape_env = dict(env or {})
        self.env = {}
        self.deep = False  # doctor --deep
        self.window = None  # columns and rows of a terminal on descriptor 2
        os.makedirs(self.home, mode=0o700)

    # --- where things are ---

    def path(self, name):
        return os.path.join(self.state, name)

    @property
    def config(self):
        return self.path(self.config_name)

    @property
    def store(self):
        return self.path("agents/main/agent/auth-profiles.json")

    @property
    def dotenv(self):
        return self.path(".env")

    @property
    def vault(self):
        return self.path("secrets/vault.json")

    @property
    def keys(self):
        return os.path.join(self.home, ".local/share/thinkfleetbot/keys")

    @property
    def key_file(self):
        return next(os.path.join(self.keys, n) for n in os.listdir(self.keys) if n.endswith(".key"))

    # --- running ---

    def environment(self):
        base = {"HOME": self.home, "PATH": self.programs + ":" + os.environ["PATH"], "LANG": "C.UTF-8",
                "EDITOR": os.path.join(self.work, "editor"), "ASAN_OPTIONS": "detect_leaks=0"}
        return {**base, **self.shape_env, **self.env}

    def run(self, argv, **more):
        if not self.window:
            return subprocess.run(argv, env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, timeout=60, check=False, **more)
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, self.window[::-1])
        try:
            return subprocess.run(argv, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=theirs, text=True, timeout=60, check=False, **more)
        finally:
            os.close(ours)
            os.close(theirs)

    def readable(self, path):
        return os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.R_OK)

    def on_terminal(self, typed, *argv):
        """With a terminal for standard input, and these keys waiting in it."""
        ours, theirs = pty.openpty()
        os.write(ours, typed.encode())
        try:
            return subprocess.run([os.path.join(self.programs, "thinkfleetbot"), *argv], env=self.environment(),
                                  stdin=theirs, capture_output=True, text=True, timeout=60, check=False)
        finally:
            os.close(ours)
            os.close(theirs)

    def doctor(self, *more):
        return self.program("doctor", "--json", *(["--deep"] if self.deep else []), *more)

    def program(self, *argv):
        return self.run([os.path.join(self.programs, "thinkfleetbot"), *argv])

    def must(self, *argv, secret=None):
        r = subprocess.run([os.path.join(self.programs, "thinkfleetbot"), *argv], env=self.environment(),
                           input=secret, capture_output=True, text=True, timeout=60, check=False)
        if r.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {r.returncode}: {r.stderr}")
        return r.stdout

    def onboard(self, provider="anthropic", key=ANTHROPIC, *more):
        self.must("onboard", "--non-interactive", "--provider", provider, "--key-stdin", "--no-verify", *more,
                  secret=key)

    # --- files ---

    def keep(self):
        """This is the healthy state."""
        shutil.copytree(self.home, self.good, symlinks=True)

    def restore(self):
        if os.path.ismount(self.state):
            subprocess.run(["umount", "-l", self.state], check=True)
        shutil.rmtree(self.home)
        self.deep = False
        self.window = None
        shutil.copytree(self.good, self.home, symlinks=True)
        self.env = {}

    def write(self, path, text, mode=0o600):
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, mode)

    def add(self, path, text):
        with open(path, "a", encoding="utf-8") as f:
            f.write(text)

    def edit(self, path, change):
        """change(document) of a JSON file, in place."""
        with open(path, encoding="utf-8") as f:
            d = json.load(f)
        change(d)
        mode = stat.S_IMODE(os.stat(path).st_mode)
        self.write(path, json.dumps(d, indent=2) + "\n", mode)

    def store_edit(self, change):
        self.edit(self.store, change)

    def check_note(self, verdict="accepted", profile="anthropic:default", **more):
        """What a live check would have noted; every credential, when profile is None."""
        listed = json.loads(self.must("models", "auth", "list", "--json"))["profiles"]
        notes = {(p["profile"] if p["inStore"] else "env:" + p["variable"]):
                 {"fingerprint": p["fingerprint"], "verdict": verdict, "at": 1790000000000, **more}
                 for p in listed if profile in (None, p["profile"])}
        self.write(self.path("secrets/checks.json"), json.dumps({"version": 1, "checks": notes}))


def old(path):
    os.utime(path, (OLD, OLD), follow_symlinks=False)
