"""docs/protocol.md is true: its Python runs, its hex is what it says."""
import ast
import pathlib
import re
import subprocess
import sys

import msgpack

TEXT = (pathlib.Path(__file__).parents[2] / "docs" / "protocol.md").read_text()
BLOCKS = re.findall(r"```(python|hex)\n(.*?)```", TEXT, re.S)


def test_the_hex_is_what_stands_above_it():
    pairs = [(BLOCKS[i - 1][1], block) for i, (kind, block) in enumerate(BLOCKS) if kind == "hex"]
    assert len(pairs) >= 5
    for source, block in pairs:
        data = bytes.fromhex(block)
        if b"\0" in data[:33] and not 0x80 <= data[0] <= 0x8f:
            room, data = data.split(b"\0", 1)
            assert room.decode() == ast.literal_eval(source)["room"]
        assert data == msgpack.packb(ast.literal_eval(source))


def test_the_ten_lines_of_python_run(broker):
    program = next(block for kind, block in BLOCKS if "import zmq" in block)
    assert len(program.strip().splitlines()) <= 12
    program = program.replace("tcp://127.0.0.1:5680", broker.router).replace("tcp://127.0.0.1:5681", broker.pub)
    script = subprocess.Popen([sys.executable, "-u", "-c", program], stdout=subprocess.PIPE)
    try:
        hello = ast.literal_eval(script.stdout.readline().decode())
        assert hello["ok"] and hello["nick"] == "ada"
        while True:
            event = ast.literal_eval(script.stdout.readline().decode())
            if event["ev"] == "message":
                break
        assert event["text"] == "hello" and event["from"] == "ada" and event["room"] == "lobby"
    finally:
        script.kill()
        script.wait()
        script.stdout.close()


def test_every_link_of_the_contents_leads_somewhere():
    headings = {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in re.findall(r"^#+ (.*)$", TEXT, re.M)}
    links = re.findall(r"\]\(#([^)]*)\)", TEXT)
    assert len(links) >= 20 and set(links) <= headings
