# SPDX-License-Identifier: MIT
"""The hosts: shapes that are healthy, and how each of many faults is made.

A row is (name, shape, break, expected[, how]). expected: the ids of the checks with a warning or a
failure, one for each finding, sorted; "~id" is a note that only this fault makes. how:

    "fix"      doctor --fix mends it, and so does the printed command
    "command"  the printed command mends it; what a person would answer stands in ANSWERS
    "person"   no command can: only its existence is looked at
"""

import json
import os
import shutil
import subprocess
import tempfile
import time

from host import ANTHROPIC, ANTHROPIC_2, OPENAI, Host, old

ROOT = os.geteuid() == 0
NOBODY = 65534


def mounts():
    """May this process mount? In many containers root may not."""
    with tempfile.TemporaryDirectory() as d:
        done = ROOT and subprocess.run(["mount", "-t", "tmpfs", "none", d], capture_output=True, check=False).returncode == 0
        if done:
            subprocess.run(["umount", d], check=True)
        return done


# --- shapes ------------------------------------------------------------------------------------------


def sealed(work, programs):
    h = Host(work, programs)
    h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5")
    h.check_note(profile=None)
    return h


def two(work, programs):
    h = sealed(work, programs)
    h.onboard("openai", OPENAI)
    h.check_note(profile=None)
    return h


def token(work, programs):
    h = Host(work, programs)
    h.onboard("anthropic", "sk-ant-oat01-" + "Zq9" * 31 + "AA", "--method", "setup-token", "--expires-in",
              "300d", "--model", "anthropic/claude-opus-4-5")
    h.check_note(profile=None)
    return h


def rotated(work, programs):
    h = sealed(work, programs)
    h.must("models", "auth", "rotate", "anthropic:default", "--key-stdin", "--no-verify", secret=ANTHROPIC_2)
    h.check_note(profile=None)
    return h


def passphrase_slot(work, programs):
    h = sealed(work, programs)
    h.write(os.path.join(work, "words"), "glad otter paints seven moons\n")
    h.must("secrets", "slot", "add", "passphrase", "--new-passphrase-file", os.path.join(work, "words"))
    return h


def locked(work, programs):
    """A vault that only a person opens, as it was chosen."""
    h = Host(work, programs)
    os.makedirs(work, exist_ok=True)
    h.write(os.path.join(work, "words"), "glad otter paints seven moons\n")
    h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5", "--opens-with", "passphrase",
              "--weak-passphrase", "--passphrase-file", os.path.join(work, "words"))
    return h


def unverified(work, programs):
    h = Host(work, programs)
    h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5")
    return h


def agents(work, programs):
    h = sealed(work, programs)
    h.edit(h.config, lambda d: d["agents"].update(list=[{"id": "main"}, {"id": "work"}]))
    h.onboard("openai", OPENAI, "--agent", "work")
    h.check_note(profile=None)
    return h


def plain(work, programs):
    h = Host(work, programs)
    h.onboard("anthropic", ANTHROPIC, "--keep", "plain", "--model", "anthropic/claude-opus-4-5")
    h.check_note(profile=None)
    return h


def env_only(work, programs):
    return Host(work, programs, env={"ANTHROPIC_API_KEY": ANTHROPIC})


def foreign(name, config):
    def make(work, programs):
        h = Host(work, programs, state=name, config=config, env={"THINKFLEETBOT_STATE_DIR": os.path.join(work, "home", name)})
        h.write(h.config, '{\n  // the gateway\'s own\n  gateway: { mode: "local" },\n}\n')
        h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5")
        h.check_note(profile=None)
        return h

    return make


def elsewhere(work, programs):
    h = Host(work, programs, state="srv/bot state", env={"THINKFLEETBOT_STATE_DIR": os.path.join(work, "home/srv/bot state")})
    os.makedirs(os.path.dirname(h.state), mode=0o700)
    h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5")
    h.check_note(profile=None)
    return h


def other_keys(work, programs):
    h = Host(work, programs, env={"THINKFLEETBOT_KEY_DIR": os.path.join(work, "home/vault-keys")})
    h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5")
    h.check_note(profile=None)
    return h


def other_config(work, programs):
    h = Host(work, programs, env={"THINKFLEETBOT_CONFIG_PATH": os.path.join(work, "home/etc/bot.json")})
    os.makedirs(os.path.join(h.home, "etc"), mode=0o700)
    h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5")
    h.check_note(profile=None)
    return h


def linked(work, programs):
    """The state folder behind a link, as users of a second disk have it."""
    h = Host(work, programs)
    os.makedirs(os.path.join(h.home, "disk/bot"), mode=0o700)
    os.symlink("disk/bot", h.state)
    h.onboard("anthropic", ANTHROPIC, "--model", "anthropic/claude-opus-4-5")
    h.check_note(profile=None)
    return h


def local_only(work, programs):
    h = Host(work, programs)
    h.write(h.config, '{"agents":{"defaults":{"model":{"primary":"ollama/llama3.3"}}},'
            '"models":{"providers":{"ollama":{"baseUrl":"http://127.0.0.1:11434/v1"}}}}\n')
    return h


def oauth(work, programs):
    """A login that a gateway renews by itself, expired this morning."""
    h = sealed(work, programs)
    h.store_edit(lambda d: d["profiles"].update({"google-gemini-cli:me": {
        "type": "oauth", "provider": "google-gemini-cli", "access": "a" * 40, "refresh": "r" * 40, "expires": 1790000000000}}))
    return h


def used(work, programs):
    """As a gateway leaves it: usage, an order, a backup of its configuration, other variables."""
    h = two(work, programs)

    def stats(d):
        d["usageStats"] = {"anthropic:default": {"lastUsed": 1790000000000, "errorCount": 0}}
        d["order"] = {"anthropic": ["anthropic:default"]}
        d["lastGood"] = {"anthropic": "anthropic:default"}

    h.store_edit(stats)
    shutil.copy2(h.config, h.config + ".bak")
    h.add(h.dotenv, "# other things\nTZ=Europe/Berlin\nDEBUG=\n")
    return h


def commented(work, programs):
    """JSON5 with comments, CRLF in .env is not here, blank lines and comments are."""
    h = sealed(work, programs)
    with open(h.config, encoding="utf-8") as f:
        text = f.read()
    h.write(h.config, "// mine\n" + text.replace('"agents"', "/* models */ agents", 1))
    h.add(h.dotenv, "\n\n# TOKEN=old\n")
    return h


# name: (how it is made, the notes and warnings that are true of it)
SHAPES = {
    "sealed": (sealed, []),
    "two": (two, []),
    "token": (token, []),
    "rotated": (rotated, []),
    "passphrase": (passphrase_slot, []),
    "locked": (locked, ["~vault", "~accepted"]),
    "unverified": (unverified, ["~accepted"]),
    "agents": (agents, []),
    "plain": (plain, ["plain-text"]),  # true for ever, and chosen
    "env": (env_only, ["~state", "~accepted"]),
    "openclaw": (foreign(".openclaw", "openclaw.json"), []),
    "january": (foreign(".clawdbot", "moltbot.json"), []),
    "elsewhere": (elsewhere, []),
    "keys": (other_keys, []),
    "config": (other_config, []),
    "linked": (linked, ["~links"]),
    "local": (local_only, []),
    "oauth": (oauth, ["~accepted", "~expiry"]),
    "used": (used, []),
    "commented": (commented, []),
}
# The healthy ones with something harmless about them: (name, shape, change, notes)
HEALTHY = [
    ("a fresh lock of a gateway", "sealed", lambda h: os.mkdir(h.store + ".lock"), []),
    ("a job without TERM and LANG", "sealed", lambda h: h.env.update(LANG="", TERM=""), []),
    ("a terminal that everybody knows", "sealed", lambda h: h.env.update(TERM="xterm"), []),
    ("the same key in the environment", "sealed", lambda h: h.env.update(ANTHROPIC_API_KEY=ANTHROPIC), ["~accepted"]),
    ("a token with fifty days left", "token", lambda h: at(h, days=250), []),
    ("modes narrower than asked for", "sealed", lambda h: os.chmod(h.dotenv, 0o400), []),
    ("an unknown member in the store", "sealed", lambda h: h.store_edit(lambda d: d.update(x={"y": 1})), []),
    ("open to the network, with a token", "sealed", lambda h: h.edit(h.config, lambda d: d.update(gateway={"bind": "lan", "auth": {"token": "t" * 32}})), []),
    ("open to the network, with a token elsewhere", "sealed", lambda h: (h.edit(h.config, lambda d: d.update(gateway={"bind": "lan"})), h.env.update(OPENCLAW_GATEWAY_TOKEN="t" * 32)), []),
    ("a terminal of 40 by 12", "sealed", lambda h: setattr(h, "window", (40, 12)), []),
    ("a terminal that does not say its size", "sealed", lambda h: setattr(h, "window", (0, 0)), []),
    ("looked at deeply", "used", lambda h: setattr(h, "deep", True), []),
]


# --- what breaks -------------------------------------------------------------------------------------


def at(h, days):
    """The clock goes forward."""
    h.env["THINKFLEETBOT_TEST_NOW"] = str(int((time.time() + days * 86400) * 1000))


def mode(name, bits):
    return lambda h: os.chmod(getattr(h, name, None) or h.path(name), bits)


def text(name, content):
    return lambda h: h.write(getattr(h, name, None) or h.path(name), content)


def remove(name):
    return lambda h: os.remove(getattr(h, name))


def line(content):
    return lambda h: h.add(h.dotenv, content)


def store(change):
    return lambda h: h.store_edit(change)


def config(change):
    return lambda h: h.edit(h.config, change)


def resolver(h):
    return h.path("bin/thinkfleetbot-resolve")


def cut(name):
    def do(h):
        path = getattr(h, name)
        os.truncate(path, os.path.getsize(path) // 2)

    return do


def aged_lock(folder):
    def do(h):
        path = h.store + ".lock"
        os.mkdir(path) if folder else h.write(path, "{}")
        old(path)

    return do


def rollback(h):
    """An older copy of the vault comes back."""
    shutil.copy2(h.vault, os.path.join(h.work, "older"))
    h.must("models", "auth", "rotate", "anthropic:default", "--key-stdin", "--no-verify", secret=ANTHROPIC_2)
    shutil.copy2(os.path.join(h.work, "older"), h.vault)


def flip(h):
    """One character of one record."""
    with open(h.vault, encoding="utf-8") as f:
        d = json.load(f)
    c = d["records"][0]["c"]
    d["records"][0]["c"] = c[:9] + ("A" if c[9] != "A" else "B") + c[10:]
    h.write(h.vault, json.dumps(d, separators=(",", ":")) + "\n")


def move_store(name):
    def do(h):
        os.makedirs(os.path.dirname(h.path(name)), exist_ok=True)
        shutil.move(h.store, h.path(name))

    return do


def chown(name):
    return lambda h: os.chown(getattr(h, name), NOBODY, NOBODY)


def temporary(h):
    """What a killed write leaves: a name of ours with a process that is gone."""
    h.write(h.path("..env.thinkfleetbot.999999999.0123456789abcdef.tmp"), "OPENAI_API_KEY=x\n")


def synced(h):
    box = os.path.join(h.home, "Dropbox/bot")
    os.makedirs(os.path.dirname(box))
    shutil.move(h.state, box)
    h.env["THINKFLEETBOT_STATE_DIR"] = box


def full_disk(h):
    """The state folder on a disk with two megabytes left."""
    kept = os.path.join(h.work, "kept")
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(h.state, kept, symlinks=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=5m,mode=700", "none", h.state], check=True)
    shutil.copytree(kept, h.state, symlinks=True, dirs_exist_ok=True)


def named(key):
    return lambda d: d["agents"]["defaults"]["model"].update(primary=key)


# What a person would add to a printed command.
ANSWERS = {
    "thinkfleetbot onboard": "--non-interactive --provider {provider} --key-file {key} --no-verify",
    "thinkfleetbot models auth rotate": "--key-file {key} --no-verify",
    "thinkfleetbot models auth remove": "--yes {last}",
}

ONE = [
    # permissions
    ("state folder open", "sealed", mode("state", 0o755), ["modes"], "fix"),
    ("state folder writable by others", "sealed", mode("state", 0o777), ["modes"], "fix"),
    ("configuration readable", "sealed", mode("config", 0o644), ["modes"], "fix"),
    (".env readable", "sealed", mode("dotenv", 0o640), ["modes"], "fix"),
    ("store readable", "sealed", mode("store", 0o644), ["modes"], "fix"),
    ("agent's folder open", "sealed", mode("agents/main/agent", 0o755), ["modes"], "fix"),
    ("secrets folder open", "sealed", mode("secrets", 0o755), ["modes"], "fix"),
    ("vault readable", "sealed", mode("vault", 0o644), ["modes"], "fix"),
    ("notes readable", "sealed", mode("secrets/checks.json", 0o644), ["modes"], "fix"),
    ("key folder open", "sealed", mode("keys", 0o755), ["modes"], "fix"),
    ("backup of the configuration readable", "used", lambda h: os.chmod(h.config + ".bak", 0o644), ["modes"], "fix"),
    ("a foreign gateway's store readable", "openclaw", mode("store", 0o664), ["modes"], "fix"),
    ("plain keys readable", "plain", mode("dotenv", 0o644), ["modes"], "fix"),
    # the resolver and its entry
    ("resolver missing", "sealed", lambda h: os.remove(resolver(h)), ["resolver"], "fix"),
    ("resolver of another version", "sealed", lambda h: h.write(resolver(h), "#!/bin/sh\n", 0o700), ["resolver"], "fix"),
    ("resolver replaceable", "sealed", lambda h: os.chmod(resolver(h), 0o777), ["resolver"], "fix"),
    ("resolver not executable", "sealed", lambda h: os.chmod(resolver(h), 0o600), ["resolver"], "fix"),
    ("entry missing", "sealed", config(lambda d: d.pop("secrets")), ["secrets-provider"], "fix"),
    ("entry names another program", "sealed",
     config(lambda d: d["secrets"]["providers"]["thinkfleetbot"].update(command="/bin/true")), ["secrets-provider"], "fix"),
    ("entry names another folder", "sealed",
     config(lambda d: d["secrets"]["providers"]["thinkfleetbot"].update(args=["--state-dir", "/nowhere"])), ["secrets-provider"], "fix"),
    ("entry names another key folder", "sealed",
     config(lambda d: d["secrets"]["providers"]["thinkfleetbot"]["args"].pop()), ["secrets-provider"], "fix"),
    # leftovers
    ("leftover lock folder", "sealed", aged_lock(True), ["locks"], "fix"),
    ("leftover lock file", "sealed", aged_lock(False), ["locks"], "fix"),
    ("lock that is a link", "sealed", lambda h: (os.symlink("x", h.store + ".lock"), old(h.store + ".lock")), ["locks"], "command"),
    ("temporary file", "sealed", temporary, ["interrupted"], "fix"),
    # the vault
    ("key file readable", "sealed", lambda h: os.chmod(h.key_file, 0o644), ["vault", "modes", "models", "models"], "fix"),
    ("key file missing", "sealed", lambda h: os.remove(h.key_file), ["vault", "models", "models"], "person"),
    ("older copy of the vault", "sealed", rollback, ["vault"], "person"),
    ("vault cut off", "sealed", cut("vault"), ["vault", "models", "models"], "command"),
    ("vault missing", "sealed", remove("vault"), ["vault", "models", "models"], "command"),
    ("vault missing, backup there", "rotated", remove("vault"), ["vault", "models", "models"], "person"),
    ("record damaged", "sealed", flip, ["vault", "references", "models", "models"], "person"),
    ("reference without record", "two",
     store(lambda d: d["profiles"]["openai:default"]["keyRef"].update(id="main/openai:gone/key")), ["references", "~accepted"], "command"),
    ("reference to another's record", "two",
     store(lambda d: d["profiles"]["openai:default"]["keyRef"].update(id="main/anthropic:default/key")), ["references", "~accepted"], "command"),
    # content
    ("configuration does not parse", "sealed", text("config", "{\n  a: 1,\n  b: ]\n}\n"), ["config"], "command"),
    ("configuration cut off", "used", cut("config"), ["config"], "command"),
    ("configuration is HTML", "sealed", text("config", "<html>\n"), ["config"], "command"),
    ("store does not parse", "sealed", text("store", '{"version":1,\n"profiles":{,}}\n'), ["profiles", "~accepted"], "command"),
    ("entry of an unknown type", "sealed",
     store(lambda d: d["profiles"].update({"openai:x": {"type": "secret", "provider": "openai", "key": "k"}})), ["profiles"], "command"),
    ("entry without provider", "sealed", store(lambda d: d["profiles"].update({"openai:x": {"type": "api_key", "key": "k"}})), ["profiles"], "command"),
    ("flat store", "sealed", text("store", '{"anthropic": {"apiKey": "k"}}\n'), ["profiles", "~accepted"], "command"),
    (".env with a NUL", "sealed", lambda h: open(h.dotenv, "ab").write(b"A=\0\n"), ["env"], "command"),
    (".env not UTF-8", "sealed", lambda h: open(h.dotenv, "ab").write(b"A=\xff\n"), ["env"], "command"),
    ("notes damaged", "sealed", text("secrets/checks.json", "{"), ["~accepted"], "person"),
    # the gateway's door
    ("open to the network", "openclaw", lambda h: h.write(h.config, open(h.config).read().replace('mode: "local"', 'mode: "local", bind: "lan"')), ["gateway"], "command"),
    ("a short token", "sealed", config(lambda d: d.update(gateway={"bind": "lan", "auth": {"token": "t" * 12}})), ["gateway"], "command"),
    ("logs with keys in them", "sealed", config(lambda d: d.update(logging={"redactSensitive": "off"})), ["gateway"], "command"),
    ("configuration in pieces", "sealed", config(lambda d: d.update({"$include": "./more.json"})), ["~gateway"], "person"),
    # places
    ("store in the state folder", "sealed", move_store("auth-profiles.json"), ["misplaced", "~accepted"], "command"),
    ("store in credentials", "sealed", move_store("credentials/auth-profiles.json"), ["misplaced", "~accepted"], "command"),
    ("an old gateway's store", "local", text("agents/main/agent/auth.json", "{}"), ["~misplaced"], "person"),
    ("two state folders", "sealed", lambda h: os.mkdir(os.path.join(h.home, ".openclaw")), ["~other-states"], "person"),
    ("state folder in git", "sealed", lambda h: os.mkdir(os.path.join(h.home, ".git")), ["git"], "command"),
    ("state folder is a file", "local", lambda h: (shutil.rmtree(h.state), h.write(h.state, "")), ["state", "models", "models"], "command"),
    ("home writable by everybody", "sealed", lambda h: os.chmod(h.home, 0o777), ["state"], "command"),
    ("a hard link to the store", "sealed", lambda h: os.link(h.store, os.path.join(h.home, "other")), ["links"], "person"),
    ("a folder in the place of our lock", "sealed", lambda h: (os.remove(h.path("secrets/.lock")), os.mkdir(h.path("secrets/.lock"))), ["locks"], "command"),
    (".env is a pipe", "sealed", lambda h: (os.remove(h.dotenv), os.mkfifo(h.dotenv, 0o600)), ["env"], "person"),
    (".env is a device", "sealed", lambda h: (os.remove(h.dotenv), os.symlink("/dev/zero", h.dotenv)), ["env", "~links"], "person"),
    ("a list where the configuration has agents", "sealed", config(lambda d: d.update(auth=[])), ["config"], "person"),
    # variables
    ("set twice in .env", "used", line("TZ=UTC\n"), ["duplicates"], "command"),
    ("sealed, and plain in .env", "sealed", line("ANTHROPIC_API_KEY=" + ANTHROPIC + "\n"), ["shadows"], "command"),
    ("another key in the environment", "sealed", lambda h: h.env.update(ANTHROPIC_API_KEY=ANTHROPIC_2), ["shadows", "~accepted"], "command"),
    ("key behind export", "local", lambda h: h.write(h.dotenv, "export OPENAI_API_KEY=sk-a1\n"), ["env-readers", "plain-text", "~accepted"], "command"),
    ("key before a comment", "local", lambda h: h.write(h.dotenv, "OPENAI_API_KEY=sk-a1 # work\n"), ["env-readers", "plain-text", "~accepted"], "command"),
    ("key in docker's dialect only", "local", lambda h: h.write(h.dotenv, "OPENAI_API_KEY='sk-a1'\n"), ["~env-readers", "plain-text", "~accepted"], "command"),
    ("key behind a comment with a backslash", "local", lambda h: h.write(h.dotenv, "# c:\\\nOPENAI_API_KEY=sk-a1\n"), ["env-readers", "plain-text", "~accepted"], "command"),
    ("plain key in .env", "local", lambda h: h.write(h.dotenv, "OPENAI_API_KEY=sk-a1\n"), ["plain-text", "~accepted"], "command"),
    ("plain key in the store", "local",
     lambda h: h.write(h.store, '{"version":1,"profiles":{"openai:default":{"type":"api_key","provider":"openai","key":"sk-a1"}}}'), ["plain-text", "~accepted"], "command"),
    ("plain key in the configuration", "local", config(lambda d: d["models"]["providers"].update(openai={"baseUrl": "https://api.openai.com/v1", "apiKey": "sk-a1"})), ["plain-text", "~accepted"], "command"),
    ("variable that nothing sets", "local", config(lambda d: d["models"]["providers"].update(openai={"baseUrl": "https://api.openai.com/v1", "apiKey": "${NO_SUCH}"})), ["config"], "command"),
    ("byte order mark in .env", "sealed", lambda h: h.write(h.dotenv, "\ufeff" + open(h.dotenv, encoding="utf-8").read()), ["~env-readers"], "person"),
    ("plain key with a line end in it", "local",
     lambda h: h.write(h.store, json.dumps({"version": 1, "profiles": {"openai:default": {"type": "api_key", "provider": "openai", "key": "sk-a1\nb2"}}})),
     ["accepted", "plain-text", "~accepted"], "person"),
    # use
    ("token expired", "token", lambda h: at(h, 400), ["expiry", "models", "models"], "command"),
    ("token's date in seconds", "token", store(lambda d: d["profiles"]["anthropic:default"].update(expires=int(time.time()) + 8640000)), ["expiry", "models", "models"], "person"),
    ("token about to expire", "token", lambda h: at(h, 299.5), ["expiry"], "command"),
    ("key rejected", "sealed", lambda h: h.check_note("rejected"), ["accepted", "models", "models"], "command"),
    ("no credit", "sealed", lambda h: h.check_note("no_credit"), ["accepted"], "person"),
    ("paused", "sealed", store(lambda d: d.update(usageStats={"anthropic:default": {"cooldownUntil": 4000000000000}})), ["~cooldowns"], "command"),
    ("disabled for billing", "sealed", store(lambda d: d.update(usageStats={"anthropic:default": {"disabledUntil": 4000000000000, "disabledReason": "billing"}})), ["cooldowns"], "command"),
    ("borrowed login", "sealed", store(lambda d: d["profiles"].update({"openai-codex:codex-cli": {"type": "oauth", "provider": "openai-codex", "access": "a", "refresh": "r", "expires": 4000000000000}})), ["deprecated", "~accepted"], "command"),
    ("model without a credential", "sealed", config(named("openai/gpt-5.2")), ["models", "models"], "command"),
    ("key removed by hand", "sealed", lambda h: (h.store_edit(lambda d: d["profiles"].clear()), os.remove(h.dotenv)), ["models", "models"], "command"),
    # machine and session
    ("clock of 1970", "sealed", lambda h: h.env.update(THINKFLEETBOT_TEST_NOW="60000"), ["clock"], "person"),
    ("clock behind the last use", "sealed", lambda h: h.env.update(THINKFLEETBOT_TEST_NOW="1750000000000"), ["clock"], "person"),
    ("clock off at the last check", "sealed", lambda h: h.check_note(skewMs=600000), ["clock"], "person"),
    ("unknown terminal", "sealed", lambda h: h.env.update(TERM="xterm-nosuch"), ["term"], "command"),
    ("locale not installed", "sealed", lambda h: h.env.update(LC_ALL="xx_YY.UTF-8"), ["locale"], "command"),
    ("locale C", "sealed", lambda h: h.env.update(LANG="C"), ["~locale"], "command"),
    ("terminal too small", "sealed", lambda h: setattr(h, "window", (30, 8)), ["~window"], "person"),
    ("a copy of a sealed key in a history", "sealed", lambda h: (setattr(h, "deep", True), h.write(os.path.join(h.home, ".bash_history"), "export X=" + ANTHROPIC + "\n")), ["residue"], "command"),
    ("a copy of a sealed key in a backup", "sealed", lambda h: (setattr(h, "deep", True), h.write(h.config + ".bak", '{"k":"' + ANTHROPIC + '"}')), ["residue"], "command"),
    ("plain text beside a reference", "sealed", store(lambda d: d["profiles"]["anthropic:default"].update(key=ANTHROPIC)), ["plain-text"], "command"),
    ("state folder in Dropbox", "local", synced, ["synced"], "person"),
    ("nothing set up", "sealed", lambda h: shutil.rmtree(h.state), ["state", "models", "models"], "command"),
]

if ROOT:
    ONE += [
        ("home of another user", "sealed", chown("home"), ["identity"], "person"),
        ("state folder of another user", "sealed", chown("state"), ["state", "modes"], "command"),
        ("store of another user", "sealed", chown("store"), ["modes"], "command"),
        ("resolver of another user", "sealed", lambda h: os.chown(resolver(h), NOBODY, NOBODY), ["resolver"], "command"),
        ("through sudo", "sealed", lambda h: h.env.update(SUDO_UID="1000"), ["identity"], "person"),
    ]

else:
    ONE += [
        ("configuration unreadable", "sealed", mode("config", 0), ["config"], "command"),
        ("store unreadable", "sealed", mode("store", 0), ["profiles", "~accepted"], "command"),
        (".env unreadable", "sealed", mode("dotenv", 0), ["env"], "command"),
        ("vault unreadable", "sealed", mode("vault", 0), ["vault", "models", "models"], "command"),
        ("notes unreadable", "sealed", mode("secrets/checks.json", 0), ["accepted", "~accepted"], "command"),
        ("state folder read-only", "sealed", mode("state", 0o500), ["state"], "command"),
    ]

if mounts():
    ONE.append(("disk full", "sealed", full_disk, ["disk"], "person"))

# Names of ONE whose faults do not touch each other.
PAIRS = [
    ("state folder open", "resolver missing"),
    ("configuration readable", "leftover lock file"),
    (".env readable", "entry missing"),
    ("store readable", "leftover lock folder"),
    ("vault readable", "unknown terminal"),
    ("agent's folder open", "locale not installed"),
    ("secrets folder open", "temporary file"),
    ("key folder open", "resolver of another version"),
    ("notes readable", "state folder in git"),
    ("resolver replaceable", "entry names another folder"),
    ("resolver not executable", "leftover lock file"),
    ("temporary file", "leftover lock folder"),
    ("entry names another program", "store readable"),
    ("paused", "state folder writable by others"),
    ("disabled for billing", "resolver missing"),
    ("borrowed login", "configuration readable"),
    ("entry of an unknown type", "vault readable"),
    ("another key in the environment", ".env readable"),
    ("locale C", "entry missing"),
    ("two state folders", "resolver missing"),
    ("clock off at the last check", "key folder open"),
]
