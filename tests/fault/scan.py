#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""T9: no copy of a secret is left in memory when a process ends (security.md 5).

    scan.py BIN FLOW...|all     also "status", "doctor", "resolve": the commands that only read
    scan.py BIN --needles SECRETS FILE          for screens.sh: what is to be looked for,
    scan.py BIN --judge NAME REPORT PROCESSES   and what was found
    scan.py BIN --control       a program that leaves eight kinds of copies must be caught

The tracer stops every process of the flow where it ends, when all that was released is released,
and searches its whole memory for the middle of each secret (the credentials and the vault's key) in
every shape a library may have given it. The memory is read through /proc/PID/mem, which for a
program that made itself undumpable takes root: without it the test is skipped.
"""
import argparse
import base64
import json
import os
import sys

import world
from flows import FLOWS, invented
from harness import SKIPPED, Tally, chosen
from judge import Judge, references
from world import Violation, World

READERS = {
    "status": ["status", "--json"],
    "models": ["models", "status", "--json"],
    "doctor": ["doctor", "--json"],
}


def needles(name, secret):
    """[(name, width, stride, bytes)] for one secret; its middle, so that half a copy is found too."""
    part = secret[len(secret) // 4:len(secret) // 4 + 24]
    found = [("raw", part), ("reversed", part[::-1]), ("hex", part.hex().encode()),
             ("HEX", part.hex().upper().encode()),
             ("utf16", b"".join(bytes([b, 0]) for b in part)),
             ("utf32", b"".join(bytes([b, 0, 0, 0]) for b in part))]
    for skip in range(3):
        piece = part[skip:]
        piece = piece[:len(piece) // 3 * 3]
        found.append(("base64+%d" % skip, base64.b64encode(piece)))
        found.append(("base64url+%d" % skip, base64.urlsafe_b64encode(piece)))
    rows = [(name + ":" + kind, len(b), len(b), b) for kind, b in found]
    return rows + [(name + ":cells", 1, 28, part)]


# On every stack as argv[0]: a scan that does not find this one looked at nothing.
PRESENT = ("present", b"thinkfleetbot")


def write_needles(folder, secrets):
    path = os.path.join(folder, "needles.new")
    with open(path, "w", encoding="ascii") as f:
        f.write("%s 1 1 %s\n" % (PRESENT[0], PRESENT[1].hex()))
        for name, secret in secrets.items():
            for kind, width, stride, data in needles(name, secret):
                f.write("%s %d %d %s\n" % (kind, width, stride, data.hex()))
    return path


def vault_keys(files):
    """The text of the key file and the 32 bytes in it."""
    for name, (_, _, data) in files.items():
        if name.endswith(".key"):
            text = data.split(b"_", 1)[1][:43]
            return {"kek-text": text, "kek": base64.urlsafe_b64decode(text + b"=")}
    return {}


def judge_hits(tally, report):
    tally.note("processes", report["processes"])
    tally.note("KiB searched", report["bytes"] // 1024)
    seen = {hit["pid"] for hit in report["hits"] if hit["needle"] == PRESENT[0]}
    if not report["processes"] or len(seen) != report["processes"]:
        raise Violation("%d processes, %d of them searched" % (report["processes"], len(seen)))
    kinds = {}
    for hit in report["hits"]:
        if hit["needle"] == PRESENT[0]:
            continue
        where = "%s in %s%s" % (hit["needle"], os.path.basename(hit["in"]),
                                " (guarded)" if hit["guarded"] else "")
        kinds.setdefault(where, []).append(hit)
    for where, hits in sorted(kinds.items()):
        tally.violation(where, "%d times; before it stands %r at +%d" % (
            len(hits), hits[0]["near"], hits[0]["offset"]))


def scan(w, flow):
    tally = Tally("scan " + flow)
    judge = Judge(w, flow if flow in FLOWS else "add")
    steps = [s[1] if s[0] == "interrupted" else s for s in FLOWS[judge.flow][0]] + [judge.step]
    steps = [s for s in steps if not isinstance(s[0], str)]
    secrets = {"key%d" % i: s[1].encode() for i, s in enumerate(steps) if s[1]}
    secrets.update(vault_keys(judge.before))
    step = judge.step
    if flow in READERS:
        w.must(step)
        step = (READERS[flow], None)
    path = write_needles(w.work, secrets)
    tally.cases = sum(1 for _ in open(path, encoding="ascii"))
    try:
        if flow == "resolve":
            report = scan_resolver(w, judge, path)
        else:
            report, _ = w.traced(step, "scan", path)
        judge_hits(tally, report)
    except Violation as why:
        tally.violation(flow, why)
    return tally.report()


def scan_resolver(w, judge, path):
    w.must(judge.step)
    ids = sorted(references(world.tree(w.home)))
    request = {"protocolVersion": 1, "provider": "thinkfleetbot", "ids": ids}
    report = os.path.join(w.work, "report")
    done = w.start([w.tracer, "--report", report, "scan", path, "--", w.resolver, "--state-dir",
                    w.state], json.dumps(request))
    if len(json.loads(done.stdout)["values"]) != len(ids):
        raise Violation("the resolver did not answer under the tracer")
    with open(report, encoding="utf-8") as f:
        return json.load(f)


def needles_file(secrets, out):
    """secrets: one a line."""
    with open(secrets, "rb") as f:
        found = {"secret%d" % i: line for i, line in enumerate(f.read().split())}
    os.rename(write_needles(os.path.dirname(out), found), out)


def judge_file(name, report, processes):
    tally = Tally("scan " + name)
    with open(report, encoding="utf-8") as f:
        read = json.load(f)
    tally.cases = read["processes"]
    judge_hits(tally, read)
    if read["processes"] < int(processes):
        tally.violation(name, "only %d processes were searched" % read["processes"])
    return tally.report()


def control(w):
    secret = invented("anthropic", 9)
    path = write_needles(w.work, {"key": secret.encode()})
    w.start([w.tracer, "--report", w.work + "/report", "scan", path, "--",
             os.path.join(w.bin, "fault_control"), "leak"], secret)
    with open(w.work + "/report", encoding="utf-8") as f:
        report = json.load(f)
    wanted = {n for n, _, _, _ in needles("key", secret.encode())} - {"key:HEX"}
    found = {h["needle"] for h in report["hits"]}
    print("control: %d of %d shapes found" % (len(found & wanted), len(wanted)))
    for shape in sorted(wanted - found):
        print("  not found: " + shape)
    return wanted <= found


def main():
    p = argparse.ArgumentParser()
    p.add_argument("bin")
    p.add_argument("--control", action="store_true")
    p.add_argument("--needles", nargs=2)
    p.add_argument("--judge", nargs=3)
    p.add_argument("flows", nargs="*")
    a = p.parse_intermixed_args()
    if a.needles:
        needles_file(*a.needles)
        return 0
    if a.judge:
        return 0 if judge_file(*a.judge) else 1
    ok = True
    if os.geteuid() != 0:
        print("skipped: reading the memory of an undumpable process takes root")
        return SKIPPED
    with World(a.bin) as w:
        if w.sanitized:
            print("skipped: a sanitizer's quarantine keeps what was freed")
            return SKIPPED
        if a.control:
            ok = control(w)
    more = [*READERS, "resolve"] if a.flows == ["all"] else [f for f in a.flows if f not in FLOWS]
    for flow in chosen(a.bin, [f for f in a.flows if f not in more]) + more:
        with World(a.bin) as w:
            ok = scan(w, flow) and ok
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
