#!/usr/bin/env python3
"""Reads what gcc -fanalyzer says on stdin, prints the findings, ends with 1 when there is one.

A finding is left out when its line, or the one above, says /* ANALYZER-OK: why it is wrong */."""
import pathlib
import re
import sys

FINDING = re.compile(r"^(?:\.\./)?([^:\s]+):(?:(\d+):\d+:)? warning: (.* \[-Wanalyzer-[a-z-]+\])$")
COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")


def is_marked(path: str, line: int) -> bool:
    file = pathlib.Path(path)
    if not line or not file.is_file():
        return False
    near = file.read_text().splitlines()[max(line - 2, 0):line]
    return any("ANALYZER-OK:" in text for text in near)


found = set()
for text in sys.stdin:
    match = FINDING.match(COLOUR.sub("", text.rstrip("\n")))
    if match and not is_marked(match[1], int(match[2] or 0)):
        found.add(f"{match[1]}:{match[2] or ''}: {match[3]}")
print("\n".join(sorted(found)), end="\n" if found else "")
sys.exit(1 if found else 0)
