#!/usr/bin/env python3
"""Sums a gcovr JSON report by folder: lines, and for the rules (src/desk) branches."""
import collections
import json
import sys


def main(path):
    lines = collections.defaultdict(lambda: [0, 0])
    branches = collections.defaultdict(lambda: [0, 0])
    for f in json.load(open(path))["files"]:
        folder = "/".join(f["file"].split("/")[:2])
        for key in (folder, "all"):
            for line in f["lines"]:
                if line.get("gcovr/noncode"):
                    continue
                lines[key][0] += line["count"] > 0
                lines[key][1] += 1
                for b in line.get("branches", []):
                    branches[key][0] += b["count"] > 0
                    branches[key][1] += 1
    for key in sorted(lines):
        hit, n = lines[key]
        taken, m = branches[key]
        print(f"{key:<12} lines {100 * hit / n:5.1f} % of {n:6d}   branches {100 * taken / max(m, 1):5.1f} % of {m:6d}")


main(sys.argv[1])
