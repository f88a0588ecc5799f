"""One form for what the gateway and thinkfleetbot print: no paths of a machine, no points in time."""

import json
import re

MINUTE = 60000


def names(text, home):
    """Folder, file and program names as the gateway of January has them."""
    text = text.replace(home, "@HOME")
    return text.replace(".thinkfleetbot", ".clawdbot").replace("thinkfleetbot", "clawdbot")


def minutes(value):
    return "%+dmin" % round(value / MINUTE)


def tens(value):
    """What remains is counted from another moment than `now`, some seconds later."""
    return "%+dmin" % (round(value / MINUTE / 10) * 10)


def times(node, now):
    if isinstance(node, list):
        return [times(n, now) for n in node]
    if not isinstance(node, dict):
        return node
    out = {}
    for name, value in node.items():
        if name in ("expiresAt", "until"):
            out[name] = minutes(value - now)
        elif name == "remainingMs":
            out[name] = tens(value)
        else:
            out[name] = times(value, now)
    return out


def document(text, home, now):
    return times(json.loads(names(text, home)), now)


def lines(text, home):
    """Of the text: without the provider's usage, which the gateway may fetch from the network."""
    return [re.sub(r" usage: .*", "", line) for line in names(text, home).splitlines()]


def answer(raw, home):
    return {"number": raw["number"], "check": raw["check"], "plain": raw["plain"],
            "json": document(raw["json"], home, raw["now"]), "text": lines(raw["text"], home),
            "orders": raw["orders"],
            "get": {p: json.loads(names(text, home)) for p, text in raw["get"].items()}}
