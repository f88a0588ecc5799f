"""The chat endpoints of the provider double: OpenAI's chat/completions, Anthropic's messages and
Google's generateContent, streamed and whole.

The answer tells what came: "TURNS CARRIER MODEL TAIL: QUESTION", where TAIL is the key's last four
characters. A question that contains one of these words gets another answer:

  ESCAPES   terminal sequences, bidi controls and a CR, cut between events
  SLOW      a piece every 0.1 s, for 20 s
  CUTOFF    ends at the model's limit of length
  MIDERROR  an error of the provider behind the first piece
  WHOLE     a document, also when a stream was asked for
  HEADERS   the headers that matter beside the key
"""

import json
import time

ESCAPES = ["safe\x1b", "]0;owned\x07 \x1b[3", "1mred\x1b[0m\x1b[2J", " a\u202eb\u200bc", "\rover\x9b",
           "\x1b]52;c;Zm9v\x1b\\ end"]
PATHS = ("/chat/completions", "/messages", ":generateContent", ":streamGenerateContent")


def wanted(handler):
    return handler.command == "POST" and handler.path.split("?")[0].endswith(PATHS)


class Style:
    """One protocol: what was asked, and how an answer looks."""

    def __init__(self, handler):
        self.path = handler.path
        self.sent = json.loads(handler.sent)
        self.google = ":" in self.path.rsplit("/", 1)[-1]
        self.anthropic = self.path.split("?")[0].endswith("/messages")
        self.stream = self.sent.get("stream") or "streamGenerateContent?alt=sse" in self.path
        if self.google:
            self.model = self.path.rsplit("/", 1)[-1].split(":")[0]
            turns = self.sent["contents"]
            self.question = turns[-1]["parts"][0]["text"]
        else:
            self.model = self.sent["model"]
            turns = self.sent["messages"]
            self.question = turns[-1]["content"]
        self.turns = len(turns)
        roles = [t["role"] for t in turns]
        assert roles[::2] == ["user"] * len(roles[::2]), roles
        assert roles[1::2] == ["model" if self.google else "assistant"] * len(roles[1::2]), roles
        if self.anthropic:
            assert self.sent["max_tokens"] > 0 and handler.headers["anthropic-version"]

    def piece(self, text):
        if self.google:
            return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}}]}
        if self.anthropic:
            return {"type": "content_block_delta", "index": 0,
                    "delta": {"type": "text_delta", "text": text}}
        return {"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}

    def last(self, cut):
        if self.google:
            return [{"candidates": [{"finishReason": "MAX_TOKENS" if cut else "STOP"}]}]
        if self.anthropic:
            return [{"type": "message_delta",
                     "delta": {"stop_reason": "max_tokens" if cut else "end_turn"}},
                    {"type": "message_stop"}]
        return [{"choices": [{"delta": {}, "finish_reason": "length" if cut else "stop"}]}]

    def whole(self, text, cut):
        if self.google:
            return {"candidates": [{"content": {"parts": [{"text": text}]},
                                    "finishReason": "MAX_TOKENS" if cut else "STOP"}]}
        if self.anthropic:
            return {"type": "message", "content": [{"type": "text", "text": text}],
                    "stop_reason": "max_tokens" if cut else "end_turn"}
        return {"choices": [{"message": {"role": "assistant", "content": text},
                             "finish_reason": "length" if cut else "stop"}]}


def pieces(style, handler, carrier, key):
    """The answer in pieces, and how long to wait behind each."""
    if "ESCAPES" in style.question:
        return ESCAPES, 0
    if "SLOW" in style.question:
        return [f"piece{i} " for i in range(200)], 0.1
    if "HEADERS" in style.question:
        return [json.dumps({name: handler.headers.get(name) for name in
                            ("anthropic-version", "anthropic-beta", "user-agent")})], 0
    text = f"{style.turns} {carrier} {style.model} {key[-4:]}: {style.question}"
    return [text[:5], text[5:]], 0


def respond(handler, carrier, key):
    style = Style(handler)
    parts, pause = pieces(style, handler, carrier, key)
    cut = "CUTOFF" in style.question
    if not style.stream or "WHOLE" in style.question:
        handler.answer(200, json.dumps(style.whole("".join(parts), cut)).encode())
        return
    handler.send_response(200)
    handler.send_header("Content-Type", "text/event-stream")
    handler.send_header("Connection", "close")
    handler.end_headers()
    handler.close_connection = True
    for part in parts:
        send(handler, style.piece(part))
        if "MIDERROR" in style.question:
            send(handler, {"type": "error", "error": {"type": "overloaded_error",
                                                      "message": "Overloaded"}})
            return
        time.sleep(pause)
    for document in style.last(cut):
        send(handler, document)
    if not style.google and not style.anthropic:
        handler.wfile.write(b"data: [DONE]\n\n")


def send(handler, document):
    if "type" in document:
        handler.wfile.write(f"event: {document['type']}\n".encode())
    handler.wfile.write(b"data: " + json.dumps(document).encode() + b"\n\n")
    handler.wfile.flush()
