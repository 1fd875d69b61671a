#!/usr/bin/env python3
"""Includes only point right or down: net -> http -> web -> desk -> store, base under all.

Exit code 1 names each forbidden include."""
import pathlib
import re
import sys

ALLOWED = {
    "base": set(),
    "text": {"base"},
    "net": {"base"},
    "http": {"base", "net"},
    "store": {"base"},
    "desk": {"base", "text", "store"},
    "backup": {"base", "store", "desk"},
    "job": {"base", "text", "desk", "store"},
    "web": {"base", "text", "http", "desk", "store", "job", "backup"},
    "portal": {"base", "text", "http", "desk", "store", "web"},
    "check": {"base", "text", "desk", "store"},
    "cli": {"base", "text", "http", "web", "job", "desk", "store", "backup", "check"},
}
# One include each, with its reason.
EXCEPTIONS = {
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([a-z]+)/([^"]+)"', re.M)


def main():
    src = pathlib.Path(__file__).resolve().parent.parent / "src"
    wrong = []
    for path in sorted(src.rglob("*.[ch]")):
        here = path.relative_to(src)
        folder = here.parts[0]
        if len(here.parts) == 1:
            continue
        if folder not in ALLOWED:
            wrong.append(f"{here}: folder {folder} is not in the table of layers")
            continue
        for there, name in INCLUDE.findall(path.read_text()):
            if there == folder or there in ALLOWED[folder] or (str(here), f"{there}/{name}") in EXCEPTIONS:
                continue
            wrong.append(f"{here}: may not include {there}/{name}")
    print("\n".join(wrong) if wrong else "all includes point right or down")
    return 1 if wrong else 0


sys.exit(main())
