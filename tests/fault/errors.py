#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T2: every file call of a writing flow fails, one by one (security.md 5).

    errors.py BIN [--cases N] FLOW...   N: only that many cases, spread evenly
    errors.py BIN --control             a writer that ignores errors must be caught

The k-th call of a group (among those about files of the home) fails once, or it and all after it,
with each error that the kernel may give. A failed command must say so (exit status, the path or the
cause on stderr, no signal), leave no temporary file, and leave each file old or new with every
credential delivered. Exit status 0 is right only when the flow was completed all the same.
"""
import json
import os

import harness
import world
from harness import Tally, sample
from judge import Judge, observe, parse
from world import Violation

ALL = ["ENOSPC", "EDQUOT", "EIO", "EINTR", "EACCES", "EROFS", "EMFILE"]
ERRORS = {
    "open": ALL,
    "write": [*ALL, "SHORT"],
    "fsync": ALL,
    "close": ALL,
    "rename": ALL,
    "link": ALL,
    "mkdir": ALL,
    "chmod": ALL,
    "truncate": ALL,
    "read": ["EIO", "EINTR", "SHORT"],
    "unlink": ["EIO", "EINTR", "EACCES", "EROFS"],
    "lock": ["EIO", "EINTR"],
}
WORDS = {"ENOSPC": "No space left", "EDQUOT": "quota exceeded", "EIO": "Input/output error",
         "EINTR": "Interrupted", "EACCES": "Permission denied", "EROFS": "Read-only file system",
         "EMFILE": "Too many open files"}
# The error came to another process, which may only say this much (security.md 7, criterion 18).
OWN_WORDS = ("it answers ", "the resolver was tried as a gateway runs it")
MUST_SUCCEED = {("write", "EINTR"), ("read", "EINTR"), ("lock", "EINTR"), ("write", "SHORT"),
                ("read", "SHORT")}
# A failure here costs nothing: the pid in the lock is a help for the one who waits, and a
# descriptor that was only read or a directory's has nothing to lose in close().
HARMLESS = {("truncate", ".lock"), ("write", ".lock")}
# What is known and not yet mended: (a part of the path, words). Each is counted.
KNOWN = ()


def cases_of(groups):
    for group, errors in ERRORS.items():
        for k in range(1, groups.get(group, 0) + 1):
            for error in errors:
                for how in ("once", "on"):
                    # A read or write that is always interrupted never ends, and never should.
                    if not (how == "on" and (error == "EINTR" and group in ("read", "write", "lock"))):
                        yield group, k, how, error


def names_cause(text, error):
    """Where it happened, and why. What is no system call's error has its own words for the why."""
    return "~" in text and (WORDS.get(error, "\0") in text or error in ("SHORT", "EINTR") or
                            any(w in text for w in OWN_WORDS))


def changed_nothing(judge, files):
    def strip(t):
        return {n: v for n, v in t.items() if v[0] == "f" and os.path.basename(n) not in
                (".lock", ".gitignore", ".nobackup")}
    return strip(files) == strip(judge.before)


def kind_of_name(name):
    """A new vault has a new id, and its two files in the key folder carry it."""
    return os.path.splitext(name)[1] if name.endswith((".key", ".anchor")) else name


def undone(judge, files):
    """What is not as after an undisturbed run; a journal that is left is judged by the next run."""
    have = {kind_of_name(n) for n in files if not n.startswith(world.JOURNALS)}
    want = {kind_of_name(n) for n in judge.after}
    differ = have ^ want
    return sorted(differ | {n for n, e in judge.after.items() if n in files and files[n] != e and
                            n not in judge.varying and not n.endswith(("/.lock", ".bak"))})


def known(path):
    for part, words in KNOWN:
        if part in path:
            return words
    return None


def warned(text, error, path):
    """A warning that names the file or the folder, and the cause: done, but not all of it is well."""
    folder = os.path.dirname(path)
    return "warning:" in text and WORDS.get(error, "\0") in text and \
        any(len(p) > 2 and p in text for p in (folder, os.path.dirname(folder)))


def anchored(files):
    """Does the anchor know the vault's newest generation? A later write makes good an earlier one."""
    vault = files.get(world.VAULT)
    gens = [v[2].rstrip(b"\n").rpartition(b"_")[2] for n, v in files.items() if n.endswith(".anchor")]
    return bool(vault) and gens == [str(parse("vault.json", vault[2])["gen"]).encode()]


def forgiven(report, files, group):
    """A failure that may stay unsaid because of what was done just before it, and what is there now.

    The anchor: one that failed may be silent only when a later one was written, for the vault that is
    there; the folder's fsync only when it was for the anchor, and not for the key file beside it.
    The note that a key file is being made: it is taken away when its vault is there. Should it come
    back with the power, the next start finds that vault; that it was made must be known to last.
    """
    path = report["path"]
    done, what = report["last"]
    if ".anchor." in path or (path.endswith("/keys") and what.endswith(".anchor")):
        return anchored(files)
    return group == "fsync" and path.endswith("/.txn") and done == "unlink" and \
        what.endswith("/new-vault")


def success(judge, case, report, files, left, text):
    """Exit status 0 although a call failed: is all of it really done?"""
    group, _, _, error = case
    base = os.path.basename(report["path"])
    differ = undone(judge, files)
    told = warned(text, error, report["path"]) or forgiven(report, files, group)
    # A lock that cannot be removed any more stays, and a warning names it.
    differ = [n for n in differ if not (world.PEER_LOCK.search(n) and "warning:" in text and
                                        "~/" + n in text and WORDS[error] in text)]
    # An anchor that cannot be written: everything else is done, and the warning names it.
    if differ == [".anchor"] and "warning:" in text and ".anchor: " in text and \
            WORDS.get(error, ".anchor: ") in text:
        return
    if left or differ or observe(judge.world, files) != judge.seen_after:
        raise Violation("exit status 0, but not completed: %s" % (left + differ))
    if any(n.startswith(world.JOURNALS) and n.count("/") > 3 for n in files):
        judge.finish()
    if (group, error) not in MUST_SUCCEED and group in ("write", "fsync", "rename", "chmod") and \
            (group, base) not in HARMLESS and not told:
        raise Violation("exit status 0: the error was swallowed")


def judge_case(judge, tally, case):
    group, k, how, error = case
    judge.reset()
    report, done = judge.world.traced(judge.step, "fail", group, k, how, error)
    report["path"] = report["path"].replace(judge.world.home, "~")
    said = done.stderr + (done.stdout if judge.flow == "audit-fix" else b"")  # its report says why
    text = said.decode("utf-8", "replace").replace(judge.world.home, "~")
    if not report["fired"]:
        tally.note("calls that were not reached")
        return
    try:
        if report["signal"]:
            raise Violation("killed by signal %d" % report["signal"])
        files = world.tree(judge.world.home)
        left = judge.files(files)
        if report["exit"] == 0 and not text and known(report["path"]) and not left:
            tally.note(known(report["path"]))
            return
        if report["exit"] == 0:
            success(judge, case, report, files, left, text)
            tally.note("completed, with a warning" if "warning:" in text else
                       "completed all the same")
            return
        if (group, error) in MUST_SUCCEED and how == "once":
            raise Violation("must succeed; exit status %d: %s" % (report["exit"], text.strip()))
        # What a killed command left is swept under the lock; this one did not come that far.
        left = [n for n in left if n not in judge.before]
        # When nothing can be unlinked any more, the temporary file stays.
        if left and not (group == "unlink" or (how == "on" and error == "EROFS")):
            raise Violation("temporary files left: %s" % left)
        if not names_cause(text, error):
            raise Violation("the message does not name path and cause: %r" % text)
        if changed_nothing(judge, files):
            tally.note("originals byte-identical")
            return
        judge.delivered(observe(judge.world, files))
        judge.finish()
        tally.note("a working prefix, and the next run finishes")
    except Violation as why:
        tally.violation("%s %s %d %s (%s, %s)" % (error, group, k, how, report["call"],
                                                  report["path"]), why)


def sweep(w, flow, a):
    judge = Judge(w, flow)
    tally = Tally("errors " + flow)
    report, _ = w.traced(judge.step, "count")
    for case in sample(cases_of(report["groups"]), a.count):
        tally.cases += 1
        judge_case(judge, tally, case)
    return tally.report()


def control(w, _):
    target = os.path.join(w.home, "file")
    found = 0
    for group, k, error in (("write", 1, "ENOSPC"), ("fsync", 1, "EIO"), ("rename", 1, "EROFS")):
        with open(target, "wb") as f:
            f.write(b"old " * 1000)
        done = w.start([w.tracer, "--under", w.home, "--report", w.work + "/report", "fail", group,
                        str(k), "once", error, "--", os.path.join(w.bin, "fault_control"),
                        "swallow", target])
        with open(target, "rb") as f:
            data = f.read()
        with open(w.work + "/report", encoding="utf-8") as f:
            status = json.loads(f.read())
        left = os.path.exists(target + ".tmp")
        found += done.returncode == 0 and status["fired"] == 1 and status["exit"] == 0 and \
            (group == "fsync" or left or data != b"new " * 1000)
    print("control: %d of 3 swallowed errors seen" % found)
    return found == 3


if __name__ == "__main__":
    harness.main(sweep, (control,), ("cases", 0))
