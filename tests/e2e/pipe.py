"""The program hubbub between two pipes, as a script or another program uses it."""
import json
import os
import subprocess
import tempfile

from hub import BIN, FAULTS, PATIENCE_S, Late, is_readable, until


class Pipe:
    """hubbub between two pipes."""

    def __init__(self, router, *options, json_mode=False, within=(), env=None):
        self.json_mode = json_mode
        options = [*(["--json"] if json_mode else []), *options]
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([*within, BIN / "hubbub", "--router", router, *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors, env={**os.environ, **(env or {})})
        self.data = b""
        self.seen = []

    def write(self, *lines):
        for line in lines:
            text = line if isinstance(line, (str, bytes)) else json.dumps(line)
            self.process.stdin.write((text if isinstance(text, bytes) else text.encode()) + b"\n")
        self.process.stdin.flush()

    def take(self, seconds):
        if is_readable(self.process.stdout, seconds):
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise Late(f"hubbub has ended; came: {self.seen}; said: {self.stderr()}")
            *whole, self.data = (self.data + data).split(b"\n")
            self.seen += [json.loads(line) if self.json_mode else line.decode() for line in whole]

    def find(self, wanted):
        """The first line like that: equal, or an object that has at least these keys."""
        if self.json_mode:
            return next((seen for seen in self.seen if wanted.items() <= seen.items()), None)
        return next((seen for seen in self.seen if seen == wanted), None)

    def sees(self, wanted):
        return until(lambda: self.find(wanted), self.take, f"{wanted!r}; came: {self.seen[-50:]}; said: {self.stderr()}")

    def says(self, texts, at_once=100, **fields):
        """Says them in its room (or tells them: `to`), so many at once, and waits until each was acknowledged."""
        op = "tell" if "to" in fields else "say"
        for start in range(0, len(texts), at_once):
            part = texts[start:start + at_once]
            self.write(*({"op": op, "text": text, "id": text, **fields} for text in part))
            self.sees({"reply": op, "id": part[-1], "ok": True})

    def messages(self, ev="message"):
        """What it was handed on, in order."""
        return [seen for seen in self.seen if seen.get("ev") == ev]

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def end(self):
        """No more input; returns the exit status, everything that came, and what was said on standard error."""
        out, _ = self.process.communicate(timeout=PATIENCE_S * 2)
        whole = (self.data + out).split(b"\n")[:-1]
        self.seen += [json.loads(line) if self.json_mode else line.decode() for line in whole]
        self.check()
        return self.process.returncode, self.seen, self.stderr()

    def check(self):
        assert not any(fault in self.stderr() for fault in FAULTS), self.stderr()

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        for stream in (self.process.stdin, self.process.stdout):
            try:
                stream.close()
            except BrokenPipeError:
                pass
        self.process.wait()
