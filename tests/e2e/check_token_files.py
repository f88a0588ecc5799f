"""The configuration and the vault that onboard_token.sh leaves, against vault-format.md.

check_token_files.py STATE PORT: prints the vault's id.
"""
import json
import re
import sys

state, port = sys.argv[1:3]
B64 = r"[A-Za-z0-9_-]"


def check(ok, what):
    if not ok:
        sys.exit(f"not so: {what}")


text = open(f"{state}/thinkfleetbot.json", encoding="utf-8").read()
check("// the provider of the tests\n" in text, "the comment stays")
lines = [line for line in text.splitlines() if "//" not in line.split('"')[0]]
config = json.loads(re.sub(r",(\s*[}\]])", r"\1", "\n".join(lines)))
check(config == {
    "models": {"providers": {"anthropic": {"baseUrl": f"http://127.0.0.1:{port}"}}},
    "secrets": {"providers": {"thinkfleetbot": {
        "source": "exec", "command": f"{state}/bin/thinkfleetbot-resolve",
        "args": ["--state-dir", state], "passEnv": ["CREDENTIALS_DIRECTORY"],
        "timeoutMs": 5000, "jsonOnly": True}}},
    "auth": {"profiles": {"anthropic:default": {"provider": "anthropic", "mode": "token"}}},
    "agents": {"defaults": {"model": {"primary": "anthropic/claude-opus-4-5"}}},
}, f"the configuration is {config}")

vault = json.load(open(f"{state}/secrets/vault.json", encoding="utf-8"))
check(list(vault) == ["format", "v", "vaultId", "epoch", "gen", "kc", "slots", "records", "mac"],
      "the vault's members")
check((vault["format"], vault["v"], vault["epoch"], vault["gen"]) == ("tfv", 1, 1, 1), "its head")
check(re.fullmatch(B64 + "{22}", vault["vaultId"]), "its id")
check(all(re.fullmatch(B64 + "{43}", vault[m]) for m in ("kc", "mac")), "its seals")
check(len(vault["slots"]) == 1 and len(vault["records"]) == 1, "one slot, one record")
slot, record = vault["slots"][0], vault["records"][0]
check(list(slot) == ["id", "type", "name", "ops", "mem", "kc", "n", "w"], "the slot's members")
check((slot["id"], slot["type"], slot["name"], slot["ops"], slot["mem"]) == ("s1", "file", "", 0, 0),
      "the slot")
check([len(slot[m]) for m in ("kc", "n", "w")] == [43, 32, 64], "the slot's lengths")
check(list(record) == ["id", "agent", "profile", "provider", "field", "rev", "ts", "n", "c"],
      "the record's members")
check([record[m] for m in ("id", "agent", "profile", "provider", "field", "rev")] ==
      ["main/anthropic:default/token", "main", "anthropic:default", "anthropic", "token", 1],
      "the record")
# 108 bytes are padded to 128, and 16 of the seal: 144 bytes, 192 characters.
check(len(record["n"]) == 32 and len(record["c"]) == 192, "the record's lengths")
print(vault["vaultId"])
