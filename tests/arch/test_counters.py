"""Every counter is looked at by name in some test: one that nobody moves counts nothing."""
import re

import tree


def names():
    """Broker's and bridge's."""
    found = re.findall(r"^COUNTER\((\w+)", tree.read("broker/core/counters.def"), re.MULTILINE)
    header = tree.read("bridge/shell/bridge.h")
    macro = re.search(r"#define BRIDGE_COUNTERS\(X\)((?:.*\\\n)*.*)", header).group(1)
    return found + re.findall(r"X\((\w+)\)", macro)


def tests():
    return "".join(tree.read(path) for path in tree.files("*.c", "*.py", under=("tests",)) if "arch" not in path.parts)


def test_every_counter_is_looked_at():
    text = tests()
    assert len(names()) > 60
    assert [name for name in names() if f'"{name}"' not in text] == []
