#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The doctor on prepared hosts: it finds exactly what is wrong, and mends what it says it can.

    tests/hosts/doctor.py BIN-FOLDER [--only TEXT]

Every row of rows.py: the healthy home, one fault (or two), the ids that must be found and no other;
--dry-run changes nothing; --fix mends what is fixable and a second run is clean; every printed command
exists, and mends what it was printed for. At the end rows with wrong expectations, which must be seen.
"""

import argparse
import concurrent.futures
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

import rows
from host import ANTHROPIC_2, OPENAI, TOKEN

# About this machine and account, not about the host: never what a row is about, unless it says so.
MACHINE = {"~identity", "memory"}
# What a new key brings with it: nobody has asked the provider yet.
AFTERWARDS = {"~accepted", "~expiry"}
# Commands of systems that are not here. Each is of systemd.
ELSEWHERE = {"timedatectl", "loginctl"}
BUILTINS = {"export", "unset", "ulimit", "printf"}
EDITOR = '#!/bin/sh\n# A person who knows what stood there.\nfor path; do :; done\ncp "$GOOD${path#"$HOME"}" "$path" 2>/dev/null || rm -f "$path"\n'


class Wrong(Exception):
    """A row that is not as it says."""


def look(h, *more):
    r = h.doctor(*more)
    if r.returncode not in (0, 1):
        raise Wrong(f"doctor ended with {r.returncode}: {r.stderr.strip()}")
    d = json.loads(r.stdout)
    bad = any(f["severity"] in ("warning", "error") for f in d["findings"])
    if d["ok"] == bad or r.returncode != (1 if bad else 0):
        raise Wrong(f"exit status {r.returncode}, ok {d['ok']}")
    return d


def name_of(finding):
    return ("~" if finding["severity"] == "info" else "") + finding["checkId"]


def ids(d):
    return sorted(i for i in map(name_of, d["findings"]) if i not in MACHINE)


def files(h):
    """Every file with its bytes and mode, without our own lock and what reading may move."""
    all_ = {}
    for folder, names, leaves in os.walk(h.home):
        for name in names + leaves:
            path = os.path.join(folder, name)
            st = os.lstat(path)
            if name != ".lock" and not name.endswith(".anchor"):
                data = open(path, "rb").read() if h.readable(path) else b""
                all_[path] = (st.st_mode, st.st_uid, data)
    return all_


# --- printed commands --------------------------------------------------------------------------------


class Commands:
    """Each printed command, looked up once."""

    def __init__(self):
        self.known = {}

    def check(self, h, fix):
        words = shlex.split(fix)
        if words[0] == "sudo":
            words = words[3:] if words[1] == "-u" else words[1:]
            words = words[1:] if words[0] == "-H" else words
        if words[0] in ELSEWHERE | BUILTINS or words[0] == "${EDITOR:-vi}":
            return
        if words[0] != "thinkfleetbot":
            if not shutil.which(words[0]):
                raise Wrong(f"no such program: {fix}")
            return
        plain = [w for w in words[1:] if re.fullmatch(r"[a-z-]+", w) and not w.startswith("-")]
        options = [w for w in words[1:] if w.startswith("--")]
        key = (" ".join(plain), tuple(options))
        if key not in self.known:
            self.known[key] = h.program(*plain, "--help")
        r = self.known[key]
        if r.returncode or not r.stdout.startswith("usage: thinkfleetbot " + key[0]):
            raise Wrong(f"no such command: {fix}")
        for option in options:
            if option not in r.stdout:
                raise Wrong(f"no such option: {fix}")


def answered(h, finding):
    """The command as a person would finish it."""
    fix = finding["fixHint"]
    for start, answer in rows.ANSWERS.items():
        if fix.startswith(start):
            provider = "openai" if "openai" in (finding["message"] + fix).lower() else "anthropic"
            key = os.path.join(h.work, ("token" if h.name == "token" else provider) + ".key")
            return fix + " " + answer.format(provider=provider, key=key, last=shlex.quote(shlex.split(fix)[-1]))
    return fix


def run_printed(h, d, expected):
    """
    All printed commands of the findings a row expects, in one shell, then the doctor in it. What was
    hidden behind the first (a damaged vault that is set aside is then missing) gets its command next.
    """
    for _ in range(3):
        todo = []
        for f in d["findings"]:
            command = answered(h, f) if name_of(f) in expected and "fixHint" in f else None
            if command and command not in todo:
                todo.append(command)
        if not todo:
            break
        deep = " --deep" if h.deep else ""
        script = "\n".join(todo) + f"\nexec thinkfleetbot doctor --json{deep}\n"
        r = h.run(["/bin/sh", "-c", script], cwd=h.home)
        try:
            d = json.loads(r.stdout[r.stdout.index('{\n  "schemaVersion"'):])
        except ValueError:
            raise Wrong(f"after {todo}: {r.stdout[-300:]} {r.stderr[-600:]}") from None
    return d, r.stderr


# --- one row -----------------------------------------------------------------------------------------


def clean(h, d, what, notes, said=""):
    left = [i for i in ids(d) if i not in AFTERWARDS]
    want = [n for n in notes if n not in AFTERWARDS]
    if left != sorted(want):
        texts = "; ".join(f["message"] for f in d["findings"] if f["severity"] != "info")
        raise Wrong(f"{what} leaves {left}: {texts} {said}")


def check_fix(h, apply, notes):
    before = files(h)
    planned = look(h, "--fix", "--dry-run")["fixes"]
    if files(h) != before:
        raise Wrong("--dry-run changed something")
    if not planned or any(s["result"] != "planned" for s in planned):
        raise Wrong(f"--dry-run planned {planned}")
    d = look(h, "--fix")
    wrong = [s for s in d["fixes"] if s["result"] != "fixed"]
    if wrong:
        raise Wrong(f"--fix: {wrong}")
    for s in d["fixes"]:
        if "backup" in s and os.stat(s["backup"]).st_mode & 0o777 != 0o600:
            raise Wrong(f"{s['backup']} is open")
        if "backup" in s and open(s["backup"], "rb").read() != before[h.config][2]:
            raise Wrong(f"{s['backup']} is not the file before")
    clean(h, d, "--fix", notes)
    again = look(h, "--fix")
    if again["fixes"]:
        raise Wrong(f"a second --fix does {again['fixes']}")
    clean(h, again, "a second run", notes)
    h.restore()
    apply(h)


def check_row(h, commands, row, notes):
    name, _, apply, expected, how = row
    h.restore()
    apply(h)
    before = files(h)
    d = look(h)
    if files(h) != before:
        raise Wrong("looking changed something")
    want = sorted(list(expected) + list(notes))
    if ids(d) != want:
        texts = "; ".join(f"{f['checkId']}: {f['message']}" for f in d["findings"])
        raise Wrong(f"found {ids(d)}, wanted {want}: {texts}")
    for f in d["findings"]:
        if f["severity"] == "info" and f["checkId"] in ("identity", "accepted", "other-states", "expiry"):
            continue  # true, and nothing is to be done
        if "fixHint" not in f or "evidence" not in f:
            raise Wrong(f"no fix or no evidence is printed: {f}")
        commands.check(h, f["fixHint"])
    fixable = any(f["fixable"] for f in d["findings"])
    if fixable != (how == "fix"):
        raise Wrong(f"fixable is {fixable}")
    if how == "fix":
        check_fix(h, apply, notes)
    if how in ("fix", "command"):
        after, said = run_printed(h, d, expected)
        clean(h, after, "the printed command", notes, said)


def both(a, b):
    """Two rows as one; what only a command mends stays for the second step."""
    def apply(h):
        a[2](h)
        b[2](h)

    how = "fix" if (a[4], b[4]) == ("fix", "fix") else "mixed"
    return (f"{a[0]} + {b[0]}", a[1] if a[1] != "sealed" else b[1], apply, sorted(list(a[3]) + list(b[3])), how)


def check_pair(h, commands, row, notes):
    """--fix mends the fixable half, the printed commands the other."""
    if row[4] == "fix":
        check_row(h, commands, row, notes)
        return
    name, _, apply, expected, _ = row
    h.restore()
    apply(h)
    d = look(h)
    want = sorted(list(expected) + list(notes))
    if ids(d) != want:
        raise Wrong(f"found {ids(d)}, wanted {want}")
    fixed = look(h, "--fix")
    if not fixed["fixes"] or any(s["result"] != "fixed" for s in fixed["fixes"]):
        raise Wrong(f"--fix: {fixed['fixes']}")
    if any(f["fixable"] for f in fixed["findings"]):
        raise Wrong("something fixable is left")


def attempt(h, commands, row, notes, check=check_row):
    try:
        check(h, commands, row, notes)
    except Wrong as e:
        return f"{row[0]}: {e}"
    except (OSError, ValueError, KeyError, RuntimeError, subprocess.SubprocessError) as e:
        return f"{row[0]}: {type(e).__name__}: {e}"
    finally:
        h.env = {}
    return None


# --- what is not a row ---------------------------------------------------------------------------------


def no_second_copy_of_a_secret(h):
    """A configuration with a token in it is changed by one entry, and not copied."""
    def change(d):
        d.pop("secrets")
        d["channels"] = {"telegram": {"botToken": "12345:" + "t" * 35}}

    h.edit(h.config, change)
    step = look(h, "--fix")["fixes"][0]
    if step["result"] != "fixed" or "backup" in step or os.path.exists(h.config + ".doctor.bak"):
        raise Wrong(f"a copy was made: {step}")
    if "t" * 35 not in open(h.config, encoding="utf-8").read():
        raise Wrong("the configuration lost its token")


def a_repair_that_fails_is_said(h):
    """And the exit status with it; the others are done all the same."""
    shutil.rmtree(h.path("bin"))
    h.write(h.path("bin"), "")
    os.chmod(h.dotenv, 0o644)
    results = {s["checkId"]: s for s in look(h, "--fix")["fixes"]}
    if results["resolver"]["result"] != "failed" or "bin" not in results["resolver"].get("error", ""):
        raise Wrong(f"{results['resolver']}")
    if results["modes"]["result"] != "fixed":
        raise Wrong(f"{results['modes']}")
    r = h.program("doctor", "--fix")
    if r.returncode != 1 or "  not fixed: " not in r.stderr:
        raise Wrong(f"{r.returncode}: {r.stderr}")


def a_person_is_asked_and_may_say_no(h):
    """On a terminal, for each; what is refused stays."""
    os.chmod(h.dotenv, 0o644)
    os.chmod(h.vault, 0o644)
    r = h.on_terminal("n\ny\n", "doctor", "--fix")
    modes = sorted(os.stat(p).st_mode & 0o777 for p in (h.dotenv, h.vault))
    if r.returncode != 1 or modes != [0o600, 0o644] or "  left: " not in r.stderr or "  fixed\n" not in r.stderr:
        raise Wrong(f"{r.returncode}, {[oct(m) for m in modes]}: {r.stderr}")


def statuses_are_as_documented(h):
    for argv, status in ((["doctor"], 0), (["doctor", "--dry-run"], 64), (["doctor", "--fix", "--dry-run"], 0),
                         (["doctor", "--no-such"], 64), (["doctor", "--agent", "no such", "--json"], 0)):
        r = h.program(*argv)
        if r.returncode != status:
            raise Wrong(f"{argv}: {r.returncode}, wanted {status}: {r.stderr}")
    os.chmod(h.dotenv, 0o644)
    for argv, status in ((["doctor"], 1), (["doctor", "--fix", "--dry-run"], 1), (["doctor", "--fix"], 0)):
        r = h.program(*argv)
        if r.returncode != status:
            raise Wrong(f"{argv}: {r.returncode}, wanted {status}: {r.stdout} {r.stderr}")


def other_agents_files_are_seen_with_deep(h):
    other = os.path.join(h.state, "agents/other/agent")
    h.write(os.path.join(other, "auth-profiles.json"), '{"version":1,"profiles":{}}', 0o644)
    if "modes" in ids(look(h)):
        raise Wrong("without --deep")
    h.deep = True
    if ids(look(h)) != ["modes"] or look(h, "--fix")["fixes"][0]["result"] != "fixed" or ids(look(h)):
        raise Wrong("with --deep")


EXTRAS = [no_second_copy_of_a_secret, a_repair_that_fails_is_said, a_person_is_asked_and_may_say_no,
          statuses_are_as_documented, other_agents_files_are_seen_with_deep]


def check_extra(h, _commands, row, _notes):
    h.restore()
    row[2](h)


# --- all of them -------------------------------------------------------------------------------------


def plan(only):
    """shape: its rows, as (row, check)."""
    todo = {name: [((f"healthy: {name}", name, lambda h: None, [], "person"), check_row)] for name in rows.SHAPES}
    for name, shape, change, expected in rows.HEALTHY:
        todo[shape].append(((f"healthy: {name}", shape, change, expected, "person"), check_row))
    by_name = {r[0]: r for r in rows.ONE}
    for r in rows.ONE:
        todo[r[1]].append((r, check_row))
    for a, b in rows.PAIRS:
        r = both(by_name[a], by_name[b])
        todo[r[1]].append((r, check_pair))
    todo["sealed"] += [((f"extra: {f.__name__}", "sealed", f, [], ""), check_extra) for f in EXTRAS]
    # Seen to fail: a fault not expected, one expected that is not there, a fix that is none.
    todo["sealed"] += [
        (("control: a fault too many", "sealed", by_name["resolver missing"][2], [], "fix"), None),
        (("control: a fault too few", "sealed", lambda h: None, ["modes"], "person"), None),
        (("control: no fix", "sealed", by_name["unknown terminal"][2], ["term"], "fix"), None),
        (("control: a command that does not mend", "sealed", by_name["older copy of the vault"][2], ["vault"], "command"), None),
    ]
    return {s: [t for t in list_ if not only or only in t[0][0]] for s, list_ in todo.items()}


def prepare(work, shape, programs):
    folder = os.path.join(work, shape)
    os.mkdir(folder)
    h = rows.SHAPES[shape][0](folder, programs)
    h.name = shape
    for name, text in (("openai.key", OPENAI), ("anthropic.key", ANTHROPIC_2), ("token.key", TOKEN)):
        h.write(os.path.join(folder, name), text)
    h.write(os.path.join(folder, "editor"), EDITOR, 0o700)
    h.shape_env["GOOD"] = h.good
    h.keep()
    return h


def run_shape(work, shape, programs, todo, commands):
    if not todo:
        return []
    notes = rows.SHAPES[shape][1]
    h = prepare(work, shape, programs)
    wrong = []
    for row, check in todo:
        said = attempt(h, commands, row, notes, check or check_row)
        if check is None:
            said = None if said else f"{row[0]}: was not seen"
        wrong += [said] if said else []
    return wrong


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("programs")
    ap.add_argument("--only", default="")
    o = ap.parse_args()
    os.umask(0o077)
    todo = plan(o.only)
    programs = os.path.abspath(o.programs)
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    work = tempfile.mkdtemp(prefix="tfb-hosts-", dir=base)
    commands = Commands()
    try:
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            order = sorted(todo, key=lambda s: -len(todo[s]))
            jobs = [pool.submit(run_shape, work, s, programs, todo[s], commands) for s in order]
            wrong = [w for j in jobs for w in j.result()]
    finally:
        shutil.rmtree(work, ignore_errors=True)
    count = {k: sum(t[0][0].startswith(k) for list_ in todo.values() for t in list_) for k in ("healthy", "extra", "control")}
    pairs = sum(t[1] is check_pair for list_ in todo.values() for t in list_)
    total = sum(len(list_) for list_ in todo.values())
    for w in wrong:
        print("FAIL:", w)
    print(f"{count['healthy']} healthy hosts, {total - pairs - sum(count.values())} with one fault, {pairs} with two, "
          f"{count['extra']} more, {count['control']} controls: {len(wrong)} not as expected")
    return 1 if wrong or not total else 0


sys.exit(main())
