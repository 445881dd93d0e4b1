#!/usr/bin/env python3
"""Which lines of the parsers the corpora reach: ./dev fuzz coverage

Each target replays its corpus in a build that counts (clang's source-based coverage). Of each file that reads what strangers, peers
or a damaged disk say, the lines of those functions count that any target enters; the others, which write what is read elsewhere, or
are for the rest of the program, are named, so that a parser that no target reaches is seen. Fewer than LEAST per cent of a
file's lines is a failure."""
import json
import pathlib
import re
import subprocess
import sys

LEAST = 95.0
PARSERS = {
    "frame": ["proto/walk.c", "proto/decode.c", "proto/names.c", "proto/payload.c"],
    "network": ["proto/network.c"],
    "key_file": ["base/certificate.c", "base/invitation.c"],
    "record": ["broker/shell/recording.c", "broker/shell/mask.c"],
    "restore": ["broker/core/restore.c", "broker/core/restore_session.c", "broker/core/restore_account.c",
                "broker/core/restore_verdict.c", "broker/core/record.c", "broker/core/notes.c", "broker/core/verdict.c"],
    "store_row": ["broker/store/block.c", "broker/store/recent.c"],
    "core": ["broker/core/dispatch.c", "broker/core/aim.c", "broker/core/page_token.c", "broker/core/on_hello.c", "broker/core/on_rights.c", "broker/core/on_room.c",
             "broker/core/room_rights.c"],
    "bridge_lines": ["bridge/core/telnet.c", "bridge/core/line.c", "bridge/core/clean.c"],
    "bridge_grammar": ["bridge/core/grammar.c", "proto/duration.c"],
    "bridge_proxy": ["bridge/core/proxy.c"],
    "bridge_foreign": ["bridge/core/foreign.c"],
    "zmtp": ["proto/zmtp.c"],
    "client_link": ["client/core/incoming.c", "client/core/inflow.c", "client/core/membership.c", "client/core/repair.c", "client/core/replay.c", "client/core/greet.c"],
    "shell_line": ["client/shell/grammar.c", "base/printable.c"],
    "json": ["client/shell/json_request.c"],
}
# Of a file that does more than read: what reads.
READERS = {"broker/core/notes.c": {"take_number", "take_text", "intern", "take_refusal", "take_entry", "notes_restore"}}


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def measure(root, build):
    """What llvm-cov says of all targets over their corpora."""
    programs, profiles = [], []
    for name in PARSERS:
        program, profile = build / "bin/tests" / f"fuzz_{name}", build / f"{name}.profraw"
        subprocess.run([program, root / "tests/fuzz/corpus" / name], check=True, env={"LLVM_PROFILE_FILE": str(profile)},
                       stdout=subprocess.DEVNULL)
        programs.append(program)
        profiles.append(profile)
    merged = build / "fuzz.profdata"
    run("llvm-profdata", "merge", "-sparse", "-o", merged, *profiles)
    objects = [word for program in programs[1:] for word in ("-object", program)]
    return (json.loads(run("llvm-cov", "export", f"-instr-profile={merged}", programs[0], *objects))["data"][0],
            run("llvm-cov", "show", f"-instr-profile={merged}", programs[0], *objects))


def line_counts(shown):
    """file -> line -> how often it was run, of lines with code."""
    counts, file = {}, None
    for line in shown.splitlines():
        if re.fullmatch(r"/.*\.c:", line):
            file = counts.setdefault(pathlib.Path(line[:-1]).resolve(), {})
        found = re.match(r" *(\d+)\| *([\d.]+[kMGTE]?)\|", line)
        if found and file is not None:
            number, reached = int(found[1]), found[2] != "0"
            file[number] = file.get(number, False) or reached
    return counts


def functions_of(data, path):
    """name -> (first line, last line, entered) of a file's functions; a static one may come once per program."""
    found = {}
    for function in data["functions"]:
        if pathlib.Path(function["filenames"][0]).resolve() != path:
            continue
        name, region = function["name"].split(":")[-1], function["regions"][0]
        entered = function["count"] > 0 or found.get(name, (0, 0, False))[2]
        found[name] = (region[0], region[2], entered)
    return found


def main():
    root, build = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
    data, shown = measure(root, build)
    counts, failed = line_counts(shown), False
    for name, files in PARSERS.items():
        for file in files:
            path = root / file
            functions = functions_of(data, path)
            functions = {each: what for each, what in functions.items() if each in READERS.get(file, functions)}
            inside = {line: reached for line, reached in counts[path].items()
                      if any(first <= line <= last and entered for first, last, entered in functions.values())}
            missed = sorted(line for line, reached in inside.items() if not reached)
            percent = 100 * (len(inside) - len(missed)) / max(len(inside), 1)
            others = [other for other, (_, _, entered) in functions.items() if not entered]
            is_low = percent < LEAST
            failed |= is_low
            print(f"{name:15} {file:34} {len(inside) - len(missed):4} of {len(inside):4} lines  {percent:5.1f} %"
                  + (f"  TOO FEW, not: {missed}" if is_low else "") + (f"; not entered: {', '.join(sorted(others))}" if others else ""))
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
