#!/usr/bin/env python3
"""Sums a gcovr JSON report: tools/coverage.py REPORT [--report-only]

Prints lines and branches by folder, then each line of the rules (src/desk) of which a branch was never
taken.  Fails when less is reached than the table below asks for; raise it when more is reached.

What does not count as a branch (docs/development.md says why): the failing side of INVARIANT(), the
tests that jansson's json_array_foreach() and json_object_foreach() are made of, and the clamp inside
STR_ARG() on lines that decide nothing else."""
import collections
import json
import pathlib
import re
import sys

LINES_MIN = 90.0          # per cent of all lines
DESK_BRANCHES_MIN = 89.0  # per cent of the branches of src/desk; 89.2 without PostgreSQL and half of the HTTP tests; all is the goal
NO_DECISION = re.compile(r"\b(INVARIANT|json_array_foreach|json_object_foreach)\s*\(")
DECISION = re.compile(r"\b(if|for|while|switch|TRY)\b|\?|&&|\|\||CLEAN\(")


def decides(source):
    if NO_DECISION.search(source):
        return False
    return "STR_ARG(" not in source or DECISION.search(source) is not None


class Sums:
    def __init__(self):
        self.lines = [0, 0]
        self.branches = [0, 0]

    def add(self, line, branches):
        self.lines[0] += line["count"] > 0
        self.lines[1] += 1
        self.branches[0] += sum(b["count"] > 0 for b in branches)
        self.branches[1] += len(branches)

    def words(self):
        return "lines {:5.1f} % of {:6d}   branches {:5.1f} % of {:6d}".format(
            share(self.lines), self.lines[1], share(self.branches), self.branches[1])


def share(pair):
    return 100 * pair[0] / max(pair[1], 1)


def walk(report, sums, untaken):
    for f in report["files"]:
        folder = "/".join(f["file"].split("/")[:2])
        text = pathlib.Path(f["file"]).read_text().splitlines()
        for line in f["lines"]:
            if line.get("gcovr/noncode"):
                continue
            source = text[line["line_number"] - 1].strip()
            branches = line.get("branches", []) if decides(source) else []
            sums[folder].add(line, branches)
            sums["all"].add(line, branches)
            missed = sum(b["count"] == 0 for b in branches)
            if missed and folder == "src/desk":
                untaken.append(f"{f['file']}:{line['line_number']}: {missed} of {len(branches)}: {source}")


def main(path, report_only):
    sums = collections.defaultdict(Sums)
    untaken = []
    walk(json.loads(pathlib.Path(path).read_text()), sums, untaken)
    if untaken:
        print("Branches of the rules that no test takes:")
        print("\n".join(untaken) + "\n")
    for folder in sorted(sums):
        print(f"{folder:<12} {sums[folder].words()}")
    if report_only:
        return 0
    short = [(what, got, least) for what, got, least in (
        ("lines", share(sums["all"].lines), LINES_MIN),
        ("branches of src/desk", share(sums["src/desk"].branches), DESK_BRANCHES_MIN)) if got < least]
    for what, got, least in short:
        print(f"{got:.1f} % of {what} are reached; {least} % must be")
    return 1 if short else 0


sys.exit(main(sys.argv[1], "--report-only" in sys.argv[2:]))
