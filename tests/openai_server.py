"""A server with OpenAI's chat completions, as a process of its own: python tests/openai_server.py PORT LOG

It answers with what it was asked, and fails now and then, once for each such prompt: every third with 429, every fifth with
500. A model named `broken` always fails, one named `unknown` does not exist. LOG gets a line for every request.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    seen: ClassVar[dict] = {}
    open_now = 0
    log: ClassVar = None

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        prompt = body["messages"][-1]["content"]
        with self.lock:
            Handler.open_now += 1
            attempt = self.seen[prompt, body["seed"]] = self.seen.get((prompt, body["seed"]), 0) + 1
            number = len({asked for asked, _ in self.seen})
            status = self.status(body["model"], attempt, number)
            entry = {"prompt": prompt, "status": status, "open": Handler.open_now, "at": time.monotonic(),
                     "path": self.path, **{key: body[key] for key in body if key != "messages"}}  # fmt: skip
            self.log.write(json.dumps(entry) + "\n")
            self.log.flush()
        time.sleep(0.01)
        with self.lock:
            Handler.open_now -= 1
        self.answer(status, body, prompt)

    @staticmethod
    def status(model, attempt, number):
        if model == "unknown":
            return 404
        if model == "broken":
            return 500
        if attempt == 1 and number % 3 == 0:
            return 429
        return 500 if attempt == 1 and number % 5 == 0 else 200

    def answer(self, status, body, prompt):
        if status == 200:
            message = {"role": "assistant", "content": f"<think>\n{prompt}\n</think>\nIt is 4."}
            if body["model"] == "parsed":  # as servers with a reasoning parser
                message = {"role": "assistant", "content": "It is 4.", "reasoning_content": "2+2"}
            if body["model"] == "cut":
                message = {"role": "assistant", "content": None, "reasoning_content": "2+"}
            reason = "length" if body["model"] == "cut" else "stop"
            choice = {"index": 0, "message": message, "finish_reason": reason}
            found = {"id": "x", "object": "chat.completion", "created": 0, "model": body["model"]}
            found["choices"] = [choice]
        else:
            found = {"error": {"message": f"no such luck ({status})", "type": "x"}}
        text = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("retry-after-ms", "5")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    Handler.log = open(sys.argv[2], "a", encoding="utf-8")  # noqa: SIM115  # as long as the process
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
