# SPDX-License-Identifier: MIT
"""The writing flows: the commands that prepare a home, and the command that is disturbed."""


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


def pin(profile):
    return ["chat", "/model", "anthropic/claude-sonnet-4-5@" + profile], None


FIRST = onboard("anthropic", 1)
SECOND = onboard("anthropic", 2, profile="anthropic:work")
PLAIN = onboard("anthropic", 3, "--keep", "plain")

PASSPHRASE = "nine invented words that nobody ever used before"
CAPSULE = "capsule"  # beside the home: it stays when the home is laid out again
EMPTY = ("empty",)   # a step: the home of another machine


def secrets(*words, given=None):
    return ["secrets", *words], given


def interrupted(step, begun=False):
    """This step, killed when its journal was complete and its files were not; begun: some were."""
    return ("interrupted", step, begun)


def planted(name, text):
    """Somebody else wrote this at the end of a file."""
    return ("planted", name, text)


RECOVERY = secrets("slot", "add", "recovery", "--code-fd", "{out}")
EXPORT = secrets("export", CAPSULE, "--low-memory", "--passphrase-fd", "0", given=PASSPHRASE)
PASS_SLOT = secrets("slot", "add", "passphrase", "--low-memory", "--new-passphrase-fd", "0",
                    given=PASSPHRASE)
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
    "chat-pin": ([FIRST, SECOND, pin("anthropic:default")], pin("anthropic:work"), ()),
    "auth-rotate": ([FIRST], ROTATE, (1,)),
    "undo": ([FIRST, ROTATE], (["models", "auth", "rotate", "anthropic:default", "--undo",
                                "--no-verify"], None), (66,)),
    "remove": ([FIRST, SECOND], REMOVE, (66,)),
    "slot-add": ([FIRST], RECOVERY, ()),
    "slot-remove": ([FIRST, RECOVERY], secrets("slot", "remove", "s2"), (66,)),
    "slot-pass": ([FIRST], PASS_SLOT, ()),
    "slot-unpass": ([FIRST, PASS_SLOT], secrets("slot", "remove", "s2"), (66,)),
    "slot-file": ([FIRST], secrets("slot", "add", "file", "--to", "home/other.key"), (73,)),
    "rekey-file": ([FIRST, SECOND], secrets("rekey", "key-file"), ()),
    "rekey-vault": ([FIRST, SECOND], secrets("rekey", "vault", "--compromised", "--yes-offline"),
                    ()),
    "import": ([FIRST, SECOND, EXPORT, REMOVE],
               secrets("import", CAPSULE, "--merge", "--yes", "--passphrase-fd", "0",
                       given=PASSPHRASE), ()),
    "move-in": ([FIRST, SECOND, EXPORT, EMPTY],
                secrets("import", CAPSULE, "--yes", "--passphrase-fd", "0", given=PASSPHRASE),
                ()),
    "export": ([FIRST, SECOND],
               secrets("export", "home/capsule", "--low-memory", "--passphrase-fd", "0",
                       given=PASSPHRASE), (73,)),
    "audit-fix": ([FIRST, planted(".thinkfleetbot/.env", "A=1\nANTHROPIC_API_KEY=%s\nB=2\n" %
                                  FIRST[1])],
                  secrets("audit", "--fix", "--yes"), ()),
    "recover": ([FIRST, interrupted(onboard("anthropic", 5, profile="anthropic:work"))],
                onboard("anthropic", 5, profile="anthropic:work"), ()),
    # Recovery that was killed is recovered, and that is killed too.
    "recover-twice": ([FIRST, interrupted(onboard("anthropic", 5, profile="anthropic:work")),
                       interrupted(onboard("anthropic", 5, profile="anthropic:work"), True)],
                      onboard("anthropic", 5, profile="anthropic:work"), ()),
}
TOGGLES = ("undo",)  # run twice, they are back at the beginning
# The words of `thinkfleetbot help` without which a flow is not there yet.
NEEDS = {"chat-pin": "chat", "auth-rotate": "models auth rotate", "undo": "models auth rotate",
         "remove": "models auth remove", "slot-add": "secrets slot add",
         "slot-remove": "secrets slot remove",
         "slot-pass": "secrets slot add", "slot-unpass": "secrets slot remove",
         "slot-file": "secrets slot add", "move-in": "secrets import", "export": "secrets export",
         "audit-fix": "secrets audit", "rekey-file": "secrets rekey",
         "rekey-vault": "secrets rekey", "import": "secrets import"}
