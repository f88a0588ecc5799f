#!/usr/bin/env python3
"""A scripted provider on loopback, for tests. Python 3 and openssl, nothing else.

  server.py [--tls KIND] [--log FILE] [--ca-dir DIR] [--host ADDRESS] [--delay MS] [--names LIST]

  --tls KIND   https instead of http; KIND is good, expired, wrong-host, self-signed, tls1.0 or
               tls1.1 (good but old). The test CA
               and the certificate are made in --ca-dir (default: a temporary directory); pass
               DIR/ca.pem to the program under test as SSL_CERT_FILE.
  --log FILE   one line per request: METHOD PATH carrier, where carrier is the header that held a
               key (authorization, x-api-key, x-goog-api-key) or "-". Never the key itself.
  --host       address to listen on, default 127.0.0.1
  --names LIST with commas: be a proxy too, and behind CONNECT to one of these hosts be that host,
               with a certificate of the test CA for all of them
  --delay MS   wait so long before every answer

Prints PORT=n (and CA=path with --tls) on stdout, then serves until SIGTERM or until stdin ends.

What is answered depends on the first part of the path: a base address of
http://127.0.0.1:PORT/limited makes every check "limited". Without such a part it depends on the
key: one that contains REJECT, LIMIT, NOCREDIT, RESTRICT, CLAUDECODE or SERVERERR gets that answer,
any other is accepted. The shape of an accepted answer follows the path and the carrier: /key is
OpenRouter's, x-goog-api-key Google's, x-api-key or an anthropic-version header Anthropic's,
/api/tags Ollama's, and everything else OpenAI's.

A message that is posted to an accepted key is answered as in chat.py.

With a path of /answers/FILE/SITUATION, or a key that ends in ".", such a pair and ".", both in
hexadecimal, the answer is that of tests/provider/answers (FILE.json). With a path of /as/FILE, a key
that contains REJECT gets the "reject" of that file and any other its "accept".

Behaviours: accept reject limited restricted openai-restricted no-credit insufficient-quota
google-bad xai-bad zai-bad zai-no-credit claude-code server overloaded garbage empty html object
drip stall close reset redirect echo huge-body huge-header long-header gzip-bomb escapes redirect-to
continue chunks drip-header sleep200 old-date deep proxy-auth mirror count events flood
"""

import argparse
import datetime
import email.utils
import functools
import json
import os
import shutil
import signal
import socket
import socketserver
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import chat

KEY_WORDS = {
    "REJECT": "reject",
    "LIMIT": "limited",
    "NOCREDIT": "no-credit",
    "RESTRICT": "restricted",
    "CLAUDECODE": "claude-code",
    "SERVERERR": "server",
}

MODELS = {
    "anthropic": ["claude-opus-4-5", "claude-sonnet-4-5", "claude-haiku-4-5"],
    "openai": ["gpt-5.2", "gpt-5-mini"],
    "google": ["gemini-3-pro-preview", "gemini-3-flash-preview"],
    "ollama": ["llama3.3", "gpt-oss:20b"],
}

CLAUDE_CODE = ("This credential is only authorized for use with Claude Code and cannot be used "
               "for other API requests.")


def anthropic_error(kind, message):
    return {"type": "error", "error": {"type": kind, "message": message}}


def openai_error(code, message, kind="invalid_request_error"):
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


# behaviour: (status, JSON document)
FIXED = {
    "reject": (401, anthropic_error("authentication_error", "invalid x-api-key")),
    "limited": (429, openai_error("rate_limit_exceeded", "Rate limit reached", "requests")),
    "restricted": (403, anthropic_error("permission_error", "OAuth token lacks a scope")),
    "openai-restricted": (403, openai_error(None, "You have insufficient permissions for this "
                                            "operation. Missing scopes: api.model.read.")),
    "no-credit": (402, openai_error(None, "Insufficient Balance")),
    "insufficient-quota": (429, openai_error("insufficient_quota",
                                             "You exceeded your current quota")),
    "google-bad": (400, {"error": {"code": 400, "message": "API key not valid.",
                                   "status": "INVALID_ARGUMENT",
                                   "details": [{"reason": "API_KEY_INVALID"}]}}),
    "xai-bad": (400, {"code": "invalid-argument", "error": "Incorrect API key provided: xa***0"}),
    "zai-bad": (200, {"code": 1002, "msg": "Authorization Token is invalid", "success": False}),
    "zai-no-credit": (200, {"error": {"code": "1113", "message": "Insufficient balance"}}),
    "claude-code": (400, anthropic_error("invalid_request_error", CLAUDE_CODE)),
    "server": (500, anthropic_error("api_error", "Internal server error")),
    "overloaded": (529, anthropic_error("overloaded_error", "Overloaded")),
    "object": (200, {}),
    "proxy-auth": (407, {}),
}


ANSWERS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "answers")


@functools.lru_cache(maxsize=None)
def documented(name, situation):
    with open(os.path.join(ANSWERS, name + ".json"), encoding="utf-8") as file:
        return json.load(file)["answers"][situation]


def models_document(shape):
    if shape == "openrouter-key":
        return {"data": {"label": "test", "usage": 0.5, "limit": None, "limit_remaining": None}}
    if shape == "google":
        return {"models": [{"name": "models/" + m} for m in MODELS["google"]]}
    if shape == "ollama":
        return {"models": [{"name": m, "model": m} for m in MODELS["ollama"]]}
    if shape == "anthropic":
        return {"data": [{"type": "model", "id": m, "display_name": m}
                         for m in MODELS["anthropic"]], "has_more": False}
    return {"object": "list", "data": [{"id": m, "object": "model"} for m in MODELS["openai"]]}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "test-provider"
    options = None
    tunnel = None
    sent = b""

    def log_message(self, *args):
        pass

    def handle(self):
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    def carrier(self):
        for name in ("x-api-key", "x-goog-api-key", "xi-api-key", "authorization"):
            if self.headers.get(name):
                return name, self.headers[name].split(" ")[-1]
        return "-", ""

    def pair(self, key):
        """(file, situation) when one is asked for, else None."""
        parts = self.path.split("/")
        if parts[1] == "answers":
            return parts[2], parts[3]
        if parts[1] == "as":
            return parts[2], "reject" if "REJECT" in key else "accept"
        parts = key.split(".")
        return bytes.fromhex(parts[1]).decode().split("/") if len(parts) == 3 else None

    def shape(self, carrier):
        path = self.path.split("?")[0]
        if path.endswith("/key"):
            return "openrouter-key"
        if path.endswith("/api/tags"):
            return "ollama"
        if carrier == "x-goog-api-key":
            return "google"
        if carrier == "x-api-key" or self.headers.get("anthropic-version"):
            return "anthropic"
        return "openai"

    def answer(self, status, body, content_type="application/json", extra=()):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for name, value in extra:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def note(self, text):
        if self.options.log:
            with open(self.options.log, "a", encoding="utf-8") as log:
                log.write(text + "\n")

    def do_CONNECT(self):
        host = self.path.rsplit(":", 1)[0]
        self.note(f"CONNECT {self.path} -")
        if host not in self.options.names:
            self.answer(403, b"")
            return
        self.send_response_only(200)
        self.end_headers()
        self.connection = self.server.tunnels.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb", -1)
        self.wfile = socketserver._SocketWriter(self.connection)
        self.tunnel = host
        self.close_connection = False

    def do_GET(self):
        carrier, key = self.carrier()
        self.note(f"{self.command} {self.path} {carrier}")
        if self.options.delay:
            time.sleep(self.options.delay / 1000)
        if self.tunnel and self.headers.get("host") != self.tunnel:
            self.answer(421, b"")
            return
        pair = self.pair(key)
        if pair:
            self.document(carrier, key, documented(*pair))
            return
        name = self.path.split("/")[1].split("?")[0]
        method = getattr(self, "be_" + name.replace("-", "_"), None)
        if not method and name not in FIXED:
            name = next((b for word, b in KEY_WORDS.items() if word in key), "accept")
            method = getattr(self, "be_" + name.replace("-", "_"), None)
        if method:
            method(carrier, key)
        else:
            status, document = FIXED[name]
            wait = [("Retry-After", "7")] if status == 429 and self.command == "POST" else []
            self.answer(status, json.dumps(document).encode(), extra=wait)

    def do_POST(self):
        """A body, by a length as every request of ours has; then as GET."""
        self.sent = self.rfile.read(int(self.headers["content-length"]))
        self.do_GET()

    def be_mirror(self, carrier, _key):
        """What came, for whoever sent it; never the key."""
        head = (f"{self.command} {self.path}\n{self.headers.get('content-type', '-')}\n"
                f"{self.headers.get('accept', '-')}\n{self.headers.get('x-own', '-')}\n"
                f"{carrier}\n")
        self.answer(200, head.encode() + self.sent, "text/plain")

    def be_count(self, _carrier, _key):
        """Length and CRC of what came."""
        self.answer(200, f"{len(self.sent)} {zlib.crc32(self.sent)}".encode(), "text/plain")

    def be_events(self, _carrier, _key):
        """/events/STATUS: three pieces, a tenth of a second apart."""
        self.send_response(int(self.path.split("/")[2]))
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Retry-After", "7")
        self.send_header("Connection", "close")
        self.end_headers()
        for word in (b"one", b"two", b"three"):
            self.wfile.write(b"data: " + word + b"\n\n")
            self.wfile.flush()
            time.sleep(0.1)
        self.close_connection = True

    def be_flood(self, _carrier, _key):
        """Events without a pause, and more than anybody takes."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for _ in range(1 << 14):
            self.wfile.write(b"data: x\n\n" * 400)
        self.close_connection = True

    def document(self, carrier, key, found):
        behaviour = {"huge": self.be_huge_body, "slow": self.be_stall, "closed": self.be_close,
                     "reset": self.be_reset}.get(found.get("behaviour"))
        if behaviour:
            behaviour(carrier, key)
            return
        body = found["raw"].encode() if "raw" in found else json.dumps(found["body"]).encode()
        html = body[:1] == b"<"
        self.answer(found["status"], body, "text/html" if html else "application/json",
                    found.get("headers", {}).items())

    def be_accept(self, carrier, key):
        if chat.wanted(self):
            chat.respond(self, carrier, key)
            return
        self.answer(200, json.dumps(models_document(self.shape(carrier))).encode())

    def be_sleep200(self, carrier, key):
        time.sleep(0.2)
        self.be_accept(carrier, key)

    def be_garbage(self, _carrier, _key):
        self.answer(200, b"\x00\xff\x1b[31m{]" * 20)

    def be_empty(self, _carrier, _key):
        self.answer(200, b"")

    def be_html(self, _carrier, _key):
        self.answer(200, b"<!DOCTYPE html><title>Log in to the network</title>", "text/html")

    def be_deep(self, _carrier, _key):
        self.answer(200, b'{"data":' + b"[" * 5000 + b"]" * 5000 + b"}")

    def be_echo(self, _carrier, key):
        text = f"no such key: {key} (also seen as {key[4:30]})"
        self.answer(401, json.dumps(openai_error("invalid_api_key", text)).encode())

    def be_redirect(self, _carrier, _key):
        target = f"http://127.0.0.1:{self.server.server_port}/accept/stolen"
        self.answer(302, b"", extra=[("Location", target)])

    def be_redirect_to(self, _carrier, _key):
        """/redirect-to/STATUS/ADDRESS-IN-HEX/..."""
        parts = self.path.split("/")
        self.answer(int(parts[2]), b"", extra=[("Location", bytes.fromhex(parts[3]).decode())])

    def be_continue(self, _carrier, _key):
        for _ in range(1 << 20):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\nX-Filler: y\r\n\r\n" * 100)

    def be_chunks(self, _carrier, _key):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1 << 14):
            self.wfile.write(b"10000\r\n" + b"x" * (1 << 16) + b"\r\n")

    def be_drip_header(self, _carrier, _key):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        for _ in range(300):
            self.wfile.write(b"y")
            self.wfile.flush()
            time.sleep(0.1)

    def be_stall(self, _carrier, _key):
        time.sleep(30)

    def be_close(self, _carrier, _key):
        self.close_connection = True

    def be_reset(self, _carrier, _key):
        raw = socket.socket(fileno=os.dup(self.connection.fileno()))
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.rfile.close()
        os.close(self.connection.detach())
        raw.close()

    def be_long_header(self, _carrier, _key):
        """One header of 1 GiB."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
        for _ in range(1 << 14):
            self.wfile.write(b"y" * (1 << 16))

    def be_gzip_bomb(self, _carrier, _key):
        """750 MiB of blanks, less than the cap on the wire, for whoever unpacks them."""
        import gzip
        body = gzip.compress(b" " * (1 << 20), 9) * 750
        self.answer(200, body, extra=[("Content-Encoding", "gzip")])

    def be_escapes(self, _carrier, _key):
        hostile = ("\x1b]0;owned\x07\x1b[31;8mred\x1b[0m \x9b2J \u202egnp.exe\u202c "
                   "\u2066x\u2069 a" + "\u0301" * 100000 + " \x1b]52;c;cm0gLXJm\x07 end")
        body = json.dumps(openai_error("invalid_api_key", hostile), ensure_ascii=False).encode()
        self.answer(401, body, extra=[("openai-organization", "a\x1b[31mb\x9b2J")])

    def be_drip(self, _carrier, _key):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(300):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def be_huge_body(self, _carrier, _key):
        self.send_response(200)
        self.send_header("Content-Length", str(1 << 30))
        self.end_headers()
        for _ in range(1 << 14):
            self.wfile.write(b"x" * (1 << 16))

    def be_huge_header(self, _carrier, _key):
        self.send_response(200)
        for i in range(2000):
            self.send_header(f"X-Filler-{i}", "y" * 100)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def be_old_date(self, carrier, _key):
        body = json.dumps(models_document(self.shape(carrier))).encode()
        then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=2)
        self.send_response_only(200)
        self.send_header("Date", email.utils.format_datetime(then, usegmt=True))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


OLD = {"tls1.0": ssl.TLSVersion.TLSv1, "tls1.1": ssl.TLSVersion.TLSv1_1}


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_certificates(folder, kind, names=()):
    """ca.pem, and server.pem with its key, in the folder."""
    def path(name):
        return os.path.join(folder, name)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    name = "DNS:other.example" if kind == "wrong-host" else "DNS:localhost,IP:127.0.0.1,IP:::1"
    name = ",".join([name] + ["DNS:" + host for host in names])
    openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=thinkfleetbot test CA",
            "-keyout", path("ca.key"), "-out", path("ca.pem"))
    if kind == "self-signed":
        openssl("req", "-x509", *curve, "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=" + name,
                "-keyout", path("server.key"), "-out", path("server.crt"))
    else:
        openssl("req", *curve, "-subj", "/CN=localhost", "-keyout", path("server.key"),
                "-out", path("server.csr"))
        with open(path("ext"), "w", encoding="utf-8") as ext:
            ext.write("subjectAltName=" + name + "\n")
        # "openssl x509" takes negative days, which is a certificate of yesterday.
        openssl("x509", "-req", "-in", path("server.csr"), "-CA", path("ca.pem"),
                "-CAkey", path("ca.key"), "-set_serial", "2", "-extfile", path("ext"),
                "-days", "-1" if kind == "expired" else "2", "-out", path("server.crt"))
    return path("ca.pem"), path("server.crt"), path("server.key")


def server_context(folder, options):
    """The certificate, and what speaks TLS with it; the path of the CA."""
    ca, certificate, key = make_certificates(folder, options.tls, options.names)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if options.tls in OLD:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = OLD[options.tls]
    context.load_cert_chain(certificate, key)
    return context, ca


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    tunnels = None

    def __init__(self, address, handler):
        if ":" in address[0]:
            self.address_family = socket.AF_INET6
        super().__init__(address, handler)

    def handle_error(self, request, client_address):
        pass  # a client that goes away is the point of many tests


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--tls", choices=["good", "expired", "wrong-host", "self-signed", *OLD])
    parser.add_argument("--log")
    parser.add_argument("--ca-dir")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--delay", type=int, default=0)
    parser.add_argument("--names", type=lambda text: text.split(","), default=[])
    options = parser.parse_args()
    Handler.options = options
    server = Server((options.host, 0), Handler)
    made = None
    if options.tls or options.names:
        folder = options.ca_dir or tempfile.mkdtemp(prefix="tfb-ca-")
        made = None if options.ca_dir else folder
        context, ca = server_context(folder, options)
        if options.names:
            server.tunnels = context
        else:
            # Handshakes happen in the thread of the connection, not in the accepting one.
            server.socket = context.wrap_socket(server.socket, server_side=True,
                                                do_handshake_on_connect=False)
        print(f"CA={ca}", flush=True)
    print(f"PORT={server.server_port}", flush=True)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        while sys.stdin.buffer.read(4096):
            pass
    except KeyboardInterrupt:
        pass
    finally:
        if made:
            shutil.rmtree(made, ignore_errors=True)
    os._exit(0)


if __name__ == "__main__":
    main()
