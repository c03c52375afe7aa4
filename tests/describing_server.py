"""A server that describes functions and verifies descriptions: python tests/describing_server.py PORT LOG

Every prompt fails once with 503. A description names the counter w alone; a mended one names w and d, and ends in how often
it was mended. A model named `mends-N` finds a description complete when it was mended N times; `never` finds none complete;
`mumbles` answers no JSON, `mumbles once` only when it is asked for it again. LOG gets a line for every answer.
"""

import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar


def answer(model, prompt):
    if prompt.startswith("Below is a Python function."):
        return "<think>Let me see.</think>INPUTS: a list. LOGICS: add, and count in w. OUTPUTS: the sum."
    mended = int((re.findall(r"Mended (\d) times", prompt) or ["0"])[-1])
    if "[Missing or wrong]" in prompt:
        return f"INPUTS: a list. LOGICS: add, count in w and d. OUTPUTS: the sum. Mended {mended + 1} times."
    if model == "mumbles" or (model == "mumbles once" and "could not be read" not in prompt):
        return "It seems fine."
    complete = (
        mended >= int(model.removeprefix("mends-"))
        if model.startswith("mends-")
        else model == "mumbles once"
    )
    verdict = {
        "desc_is_complete": complete,
        "reasoning": "r",
        "missing_aspects": ["ties"],
        "coverage_percentage": 50,
    }
    return f"```json\n{json.dumps(verdict)}\n```"


class Handler(BaseHTTPRequestHandler):
    lock = threading.Lock()
    seen: ClassVar[set] = set()
    log: ClassVar = None

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        model, prompt = body["model"], body["messages"][0]["content"]
        with self.lock:
            first = (model, prompt) not in self.seen
            self.seen.add((model, prompt))
            if not first:
                self.log.write(json.dumps(body) + "\n")
                self.log.flush()
        message = {"role": "assistant", "content": answer(model, prompt)}
        found = {"id": "x", "object": "chat.completion", "created": 0, "model": model,
                 "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
                 "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}}  # fmt: skip
        text = json.dumps({"error": {"message": "later"}} if first else found).encode()
        self.send_response(503 if first else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    Handler.log = open(sys.argv[2], "a", encoding="utf-8")  # noqa: SIM115  # as long as the process
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
