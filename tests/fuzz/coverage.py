#!/usr/bin/env python3
"""Which lines of the parsers the corpora reach: ./dev fuzz coverage

Each target replays its corpus in a build that counts (clang's source-based coverage); a line counts once any target has reached it.
Files with less than LEAST per cent fail. What a corpus cannot reach, whatever bytes come, is not asked for: EXCEPT says how many
lines of a file that are, and why."""
import json
import pathlib
import subprocess
import sys

LEAST = 95.0
PARSERS = {
    "frame": ["proto/walk.c", "proto/decode.c", "proto/names.c", "proto/payload.c"],
    "network": ["proto/network.c"],
    "key_file": ["base/certificate.c", "base/invitation.c"],
    "record": ["broker/shell/recording.c", "broker/shell/mask.c"],
    "restore": ["broker/core/restore.c", "broker/core/restore_session.c", "broker/core/restore_account.c",
                "broker/core/restore_verdict.c", "broker/core/record.c"],
    "store_row": ["broker/store/block.c", "broker/store/recent.c"],
    "core": ["broker/core/dispatch.c", "broker/core/aim.c", "broker/core/page_token.c"],
    "bridge_lines": ["bridge/core/telnet.c", "bridge/core/line.c", "bridge/core/clean.c"],
    "bridge_grammar": ["bridge/core/grammar.c"],
    "bridge_proxy": ["bridge/core/proxy.c"],
    "bridge_foreign": ["bridge/core/foreign.c"],
    "bridge_zmtp": ["bridge/core/zmtp.c"],
    "client_link": ["client/core/incoming.c", "client/core/inflow.c", "client/core/membership.c", "client/core/repair.c"],
    "shell_line": ["client/shell/grammar.c", "client/shell/printable.c"],
    "json": ["client/shell/json_request.c"],
}
EXCEPT = {}


def run(*command):
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def main():
    root, build = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
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
    told = json.loads(run("llvm-cov", "export", "-summary-only", f"-instr-profile={merged}", programs[0], *objects))
    lines = {pathlib.Path(entry["filename"]).resolve().relative_to(root.resolve()).as_posix(): entry["summary"]["lines"]
             for entry in told["data"][0]["files"] if pathlib.Path(entry["filename"]).resolve().is_relative_to(root.resolve())}
    failed = False
    for name, files in PARSERS.items():
        for file in files:
            count, covered = lines[file]["count"] - EXCEPT.get(file, (0,))[0], lines[file]["covered"]
            percent = min(100.0, 100 * covered / count)
            is_low = percent < LEAST
            failed |= is_low
            print(f"{name:16} {file:36} {covered:4} of {count:4} lines  {percent:5.1f} %{'  TOO FEW' if is_low else ''}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
