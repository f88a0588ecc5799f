#!/usr/bin/env python3
"""The servers of the sign-ins on loopback, for tests. Python 3, nothing else.

  oauth.py --mode FILE [--log FILE]

Address the program under test with THINKFLEETBOT_TEST_OAUTH=http://127.0.0.1:PORT: the real host is
the first part of the path. FILE is read at each request and holds words that change what is
answered:

  deny          the person refuses, in the browser or for a device's code
  expired       a device's code has run out
  short         ... runs out by itself, after two seconds
  slow          the first poll is answered with slow_down
  wait          a device's code waits until the word is gone
  error         every token request fails with HTTP 500
  html          ... answers a page of HTML
  redirect      ... sends it elsewhere
  noaccount     the token names no account
  overtake=FILE a gateway renews the login in FILE while it is renewed here
  wrongstate    the browser comes back with another state (MiniMax: the answer has one)

A browser is `curl -L ADDRESS`: the page approves at once and sends it back. As a real server it
insists on a code's verifier (S256), client, redirect address, and takes a code only once. The
refresh token changes with each renewal, and the old one is refused from then on.

Prints PORT=n, then serves until stdin ends. --log: one line per request, METHOD PATH and the names
of the form's members, never a value.
"""

import argparse
import base64
import hashlib
import json
import os
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CLIENTS = {
    "auth.openai.com": "app_EMoamEEZ73f0CkXaXp7hrann",
    "chat.qwen.ai": "f0304373b74a44d2b584a3fb70ca9e56",
    "github.com": "Iv1.b507a08c87ecfe98",
    "api.minimax.io": "78257093-7e40-4613-99e0-527b14b39113",
    "api.chutes.ai": "cid_test",
}
# Seen nowhere but in auth-profiles.json (and, for GitHub, in the vault).
CANARY = "CANARY"


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def s256(verifier):
    return b64(hashlib.sha256(verifier.encode()).digest())


class State:
    def __init__(self):
        self.codes = {}      # code: (host, challenge, redirect_uri)
        self.devices = {}    # code: (host, challenge, end)
        self.refresh = {}    # host: the token that counts
        self.made = 0
        self.slowed = set()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    state = State()
    options = None

    def log_message(self, *args):
        pass

    def words(self):
        with open(self.options.mode, encoding="utf-8") as mode:
            return mode.read().split()

    def answer(self, status, document, kind="application/json", extra=()):
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def note(self, names):
        if self.options.log:
            with open(self.options.log, "a", encoding="utf-8") as log:
                log.write(f"{self.command} {self.path.split('?')[0]} {','.join(names)}\n")

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        self.note(query)
        if address.path.endswith(("/authorize", "/oauth/authorize")):
            self.page(address.path.split("/")[1], query)
        elif address.path.endswith("/userinfo"):
            good = self.headers.get("authorization", "").startswith("Bearer at-" + CANARY)
            self.answer(200 if good else 401, {"sub": "sub-1", "username": "someone"})
        else:
            self.answer(404, {"error": "not_found"})

    def page(self, host, query):
        wanted = {"response_type": "code", "client_id": CLIENTS[host],
                  "code_challenge_method": "S256"}
        if any(query.get(k) != v for k, v in wanted.items()) or not query.get("state"):
            self.answer(400, {"error": "invalid_request"})
            return
        words, s = self.words(), self.state
        back = {"state": "0" * 32 if "wrongstate" in words else query["state"]}
        if "deny" in words:
            back["error"] = "access_denied"
        else:
            s.made += 1
            code = f"code-{CANARY}-{s.made}"
            s.codes[code] = (host, query["code_challenge"], query["redirect_uri"])
            back["code"] = code
        target = query["redirect_uri"] + "?" + urllib.parse.urlencode(back)
        self.answer(302, b"", extra=[("Location", target)])

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        form = dict(urllib.parse.parse_qsl(body))
        self.note(form)
        host, words = self.path.split("/")[1], self.words()
        if form.get("client_id") != CLIENTS.get(host) or \
                self.headers["content-type"] != "application/x-www-form-urlencoded":
            self.answer(401, {"error": "invalid_client"})
        elif self.path.endswith(("/device/code", "/oauth/code")):
            self.device(host, form, words)
        elif "error" in words:
            self.answer(500, {"error": "server_error"})
        elif "html" in words:
            self.answer(200, b"<html>sign in to the network</html>", "text/html")
        elif "redirect" in words:
            self.answer(302, b"", extra=[("Location", "/elsewhere")])
        else:
            grant = form.get("grant_type", "").rsplit(":", 1)[-1]
            {"authorization_code": self.code, "refresh_token": self.renew,
             "device_code": self.poll, "user_code": self.poll}[grant](host, form, words)

    def device(self, host, form, words):
        s = self.state
        s.made += 1
        own = host == "api.minimax.io"
        lasts = 2 if "short" in words else 900
        shown = f"WDJB-{s.made:04d}"
        code = shown if own else f"device-{CANARY}-{s.made}"
        s.devices[code] = (host, form.get("code_challenge"), time.time() + lasts)
        page = "https://example.org/device"
        if own:
            state = "0" * 32 if "wrongstate" in words else form["state"]
            self.answer(200, {"user_code": shown, "verification_uri": page, "state": state,
                              "interval": 200,
                              "expired_in": int((time.time() + lasts) * 1000)})
        else:
            self.answer(200, {"device_code": code, "user_code": shown, "verification_uri": page,
                              "expires_in": lasts, "interval": 1})

    def pending(self, host, word):
        if host == "api.minimax.io":
            self.answer(200, {"status": "pending"})
        elif host == "github.com":
            self.answer(200, {"error": word})
        else:
            self.answer(400, {"error": word})

    def poll(self, host, form, words):
        code = form.get("device_code") or form.get("user_code")
        wanted = self.state.devices.get(code)
        if not wanted or wanted[0] != host:
            self.answer(400, {"error": "invalid_grant"})
        elif wanted[1] and s256(form.get("code_verifier", "")) != wanted[1]:
            self.answer(400, {"error": "invalid_grant"})
        elif "deny" in words:
            self.pending(host, "access_denied")
        elif "expired" in words or time.time() > wanted[2]:
            self.pending(host, "expired_token")
        elif "slow" in words and code not in self.state.slowed:
            self.state.slowed.add(code)
            self.pending(host, "slow_down")
        elif "wait" in words:
            self.pending(host, "authorization_pending")
        else:
            del self.state.devices[code]
            self.tokens(host, words)

    def code(self, host, form, words):
        wanted = self.state.codes.pop(form.get("code"), None)
        if wanted != (host, s256(form.get("code_verifier", "")), form.get("redirect_uri")):
            self.answer(400, {"error": "invalid_grant"})
        else:
            self.tokens(host, words)

    def renew(self, host, form, words):
        if not form.get("refresh_token") or form["refresh_token"] != self.state.refresh.get(host):
            self.answer(400, {"error": "invalid_grant"})
            return
        for path in (word[9:] for word in words if word.startswith("overtake=")):
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(form["refresh_token"], "rt-of-a-gateway"))
        self.tokens(host, words)

    def tokens(self, host, words):
        s = self.state
        s.made += 1
        refresh = f"rt-{CANARY}-{s.made}"
        s.refresh[host] = refresh
        if host == "github.com":
            self.answer(200, {"access_token": f"gho_{CANARY}{s.made}", "token_type": "bearer"})
            return
        access = f"at-{CANARY}-{s.made}"
        if host == "auth.openai.com":
            auth = {} if "noaccount" in words else {"chatgpt_account_id": "acct_test"}
            claims = {"https://api.openai.com/auth": auth, "jti": access}
            access = ".".join(b64(json.dumps(part).encode()) for part in ({"alg": "none"}, claims))
            access += "." + b64(CANARY.encode())
        answer = {"access_token": access, "refresh_token": refresh, "expires_in": 3600}
        if host == "chat.qwen.ai":
            answer["resource_url"] = "portal.qwen.ai"
        if host == "api.minimax.io":
            answer = {**answer, "status": "success",
                      "expired_in": int((time.time() + 3600) * 1000)}
        self.answer(200, answer)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--mode", required=True)
    parser.add_argument("--log")
    Handler.options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(f"PORT={server.server_port}", flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
