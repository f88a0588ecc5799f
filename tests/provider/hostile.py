#!/usr/bin/env python3
"""Hostile servers over TLS, against the built program: the key stays where it belongs.

  hostile.py BIN-FOLDER fast|slow

Each row is one answer and what must come of it, checked with the whole program in a home of its
own. For every row: the wall time, the peak memory of program and probe, no piece of the key in any
output or file, no request at any host but the confirmed one, no process left. The controls come
first: what they do wrong must be seen, or the rows prove nothing.
"""

import concurrent.futures
import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
WALL_S = 16
MEMORY_KIB = 32 << 10
PIECE = 8  # bytes of a key that nobody may see


class Double:
    """A server.py of its own, with or without TLS."""

    def __init__(self, folder, name, *words):
        self.log = os.path.join(folder, name + ".log")
        self.ca = os.path.join(folder, name, "ca.pem")
        os.mkdir(os.path.dirname(self.ca))
        argv = [sys.executable, os.path.join(HERE, "server.py"), "--log", self.log, *words]
        if "--tls" in words:
            argv += ["--ca-dir", os.path.dirname(self.ca)]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)
        self.port = None

    def ready(self):
        while not self.port:
            line = self.process.stdout.readline()
            if not line:
                sys.exit("a test server has stopped")
            if line.startswith("PORT="):
                self.port = int(line[5:])

    def heard(self):
        try:
            with open(self.log, encoding="utf-8") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def has_piece(key, data):
    """Is a piece of the key in the data?"""
    return any(key[i:i + PIECE] in data for i in range(len(key) - PIECE + 1))


def files_below(folder):
    for path, _, names in os.walk(folder):
        for name in names:
            with open(os.path.join(path, name), "rb") as file:
                yield os.path.join(path, name), file.read()


# A small process between this one and the program: what wait4() calls the peak of a child is never
# less than its parent had when it was started.
STARTER = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
with open(sys.argv[1], "w") as file:
    file.write(f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss}")
"""


def run(argv, env, text, folder):
    """(status, wall seconds, peak KiB of it and its children, output, was a process left?)"""
    told = os.path.join(folder, "usage")
    start = time.monotonic()
    process = subprocess.Popen([sys.executable, "-ISc", STARTER, told, *argv], env=env,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    output = process.communicate(text)[0]
    wall = time.monotonic() - start
    try:
        os.killpg(process.pid, 0)
        left = True
    except ProcessLookupError:
        left = False
    with open(told, encoding="ascii") as file:
        status, peak = map(int, file.read().split())
    return status, wall, peak, output, left


class Tests:
    def __init__(self, folder, programs):
        self.folder = folder
        self.program = os.path.join(programs, "thinkfleetbot")
        with open(self.program, "rb") as file:
            self.sanitized = b"__asan_init" in file.read()
        names = {"good": "good", "other": "good", "expired": "expired", "wrong": "wrong-host",
                 "self": "self-signed", "tls10": "tls1.0", "tls11": "tls1.1"}
        self.doubles = {n: Double(folder, n, "--tls", kind) for n, kind in names.items()}
        self.doubles["plain"] = Double(folder, "plain")
        for double in self.doubles.values():
            double.ready()
        self.bundle = os.path.join(folder, "bundle.pem")
        with open(self.bundle, "w", encoding="ascii") as bundle:
            for name in names:
                with open(self.doubles[name].ca, encoding="ascii") as ca:
                    bundle.write(ca.read())

    def address(self, name, path, scheme="https", host="localhost"):
        return f"{scheme}://{host}:{self.doubles[name].port}/{path}"

    def redirect(self, status, target):
        return f"redirect-to/{status}/{target.encode().hex()}"

    def rows(self):
        """(name, double, path, what is noted, or None when nothing may be saved)"""
        other = self.address("other", "accept/stolen", host="127.0.0.1")
        port = self.address("other", "accept/stolen")
        down = self.address("plain", "accept/stolen", scheme="http")
        moved = "unknown redirect"
        return [
            ("accepted", "good", "accept", "accepted none"),
            *[(f"{status} to another host", "good", self.redirect(status, other), moved)
              for status in (301, 302, 303, 307, 308)],
            ("302 to another port", "good", self.redirect(302, port), moved),
            ("308 to another port", "good", self.redirect(308, port), moved),
            ("302 to plain http", "good", self.redirect(302, down), moved),
            ("307 to plain http", "good", self.redirect(307, down), moved),
            ("302 to a file", "good", self.redirect(302, "file:///etc/passwd"), moved),
            ("1 GiB body", "good", "huge-body", "unknown too_much"),
            ("1 GiB of chunks", "good", "chunks", "unknown too_much"),
            ("headers without end", "good", "huge-header", "unknown too_much"),
            ("1 GiB in one header", "good", "long-header", "unknown too_much"),
            ("100 Continue without end", "good", "continue", "unknown too_much"),
            ("gzip bomb", "good", "gzip-bomb", "unknown format"),
            ("deep JSON", "good", "deep", "unknown format"),
            ("garbage", "good", "garbage", "unknown format"),
            ("connection reset", "good", "reset", "unknown closed"),
            ("closed without an answer", "good", "close", "unknown closed"),
            ("key echoed in the error", "good", "echo", None),
            ("escapes in the error", "good", "escapes", None),
            ("expired certificate", "expired", "accept", "unknown tls"),
            ("certificate of another host", "wrong", "accept", "unknown tls"),
            ("self-signed certificate", "self", "accept", "unknown tls"),
            ("TLS 1.0", "tls10", "accept", "unknown tls"),
            ("TLS 1.1", "tls11", "accept", "unknown tls"),
        ]

    def slow_rows(self):
        return [
            ("no answer", "good", "stall", "unknown timeout"),
            ("a body in drops", "good", "drip", "unknown timeout"),
            ("a header in drops", "good", "drip-header", "unknown timeout"),
        ]

    def check(self, row):
        """What is wrong with the row's outcome, as a list of sentences; and its cost."""
        name, double, path, noted = row
        home = tempfile.mkdtemp(dir=self.folder)
        state = os.path.join(home, ".thinkfleetbot")
        os.mkdir(state, 0o700)
        with open(os.path.join(state, "thinkfleetbot.json"), "w", encoding="utf-8") as config:
            json.dump({"models": {"providers": {"openai": {
                "baseUrl": self.address(double, path)}}}}, config)
        os.chmod(config.name, 0o600)
        key = ("sk-proj-" + secrets.token_urlsafe(60)).encode()
        status, wall, peak, output, left = run(
            [self.program, "onboard", "--non-interactive", "--provider", "openai", "--key-stdin"],
            {"HOME": home, "PATH": "/usr/bin:/bin", "SSL_CERT_FILE": self.bundle}, key, home)
        faults = []
        if status != (0 if noted else 1):
            faults.append(f"exit status {status}: {output.decode(errors='replace')}")
        if self.noted(state) != noted:
            faults.append(f'noted as "{self.noted(state)}", wanted "{noted}"')
        if has_piece(key, output):
            faults.append("a piece of the key is in the output")
        faults += [f"the key is in {file}" for file, data in files_below(home)
                   if has_piece(key, data)]
        if any(byte < 0x20 and byte != 10 or byte == 0x7f for byte in output):
            faults.append("a control character in the output")
        if left:
            faults.append("a process is left")
        if wall > WALL_S:
            faults.append(f"took {wall:.1f} s")
        if peak > MEMORY_KIB and not self.sanitized:
            faults.append(f"took {peak} KiB")
        return faults, wall, peak

    @staticmethod
    def noted(state):
        try:
            with open(os.path.join(state, "secrets", "checks.json"), encoding="utf-8") as file:
                note = json.load(file)
        except FileNotFoundError:
            return None
        note = list(note["checks"].values())[0] if isinstance(note["checks"], dict) \
            else note["checks"][0]
        return f"{note['verdict']} {note.get('reason') or 'none'}"

    def controls(self):
        """A tool that follows with the key, one that needs memory, a text with the key in it."""
        target = self.address("other", "accept/control", host="127.0.0.1")
        subprocess.run(["curl", "-sL", "--location-trusted", "--cacert", self.bundle,
                        "-H", "x-api-key: sk-proj-control", "-o", "/dev/null",
                        self.address("good", self.redirect(302, target))], check=True)
        if "GET /accept/control x-api-key" not in self.doubles["other"].heard():
            return "control: a key that was sent on is not seen"
        for name, version in (("tls10", ssl.TLSVersion.TLSv1), ("tls11", ssl.TLSVersion.TLSv1_1)):
            if not self.speaks(name, version):
                return f"control: {name} does not speak its protocol"
        big = [sys.executable, "-c", "bytearray(64 << 20)"]
        if run(big, {}, b"", self.folder)[2] <= MEMORY_KIB:
            return "control: 64 MiB are not seen"
        if not has_piece(b"sk-proj-0123456789", b"... proj-012 ...") or \
                has_piece(b"sk-proj-0123456789", b"... proj-01 ..."):
            return "control: a piece of a key is not seen"
        return None

    def speaks(self, name, version):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with socket.create_connection(("127.0.0.1", self.doubles[name].port)) as raw, \
                context.wrap_socket(raw) as tls:
            return tls.version() == {"tls10": "TLSv1", "tls11": "TLSv1.1"}[name]

    def strangers(self):
        """Doubles that heard a key they should not have."""
        for name, double in self.doubles.items():
            heard = [line for line in double.heard().splitlines() if "control" not in line]
            if name != "good" and heard:
                yield f"{name} heard {heard[0]}"

    def stop(self):
        for double in self.doubles.values():
            double.stop()


def main():
    folder = tempfile.mkdtemp(prefix="tfb-hostile-")
    tests = Tests(folder, sys.argv[1])
    wrong = 0
    try:
        fault = tests.controls()
        if fault:
            sys.exit(fault)
        rows = tests.slow_rows() if sys.argv[2] == "slow" else tests.rows()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for row, (faults, wall, peak) in zip(rows, pool.map(tests.check, rows)):
                print(f"{'FAIL' if faults else 'ok  '} {row[0]:30} {wall:6.2f} s {peak:6} KiB")
                for text in faults:
                    print("     " + text)
                wrong += bool(faults)
        for text in tests.strangers():
            print("FAIL " + text)
            wrong += 1
    finally:
        tests.stop()
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
