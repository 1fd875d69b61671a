#!/usr/bin/env python3
"""Includes point right or down: c-style.md section 1, as a test.

Fails on an include that is not among the allowed edges, on a folder that has no line in the table, on
an SQL statement outside store/, and on a header that another file cannot include by its full path.
Run without arguments from anywhere; it looks at src/ beside its own folder.
"""
import re
import sys
from pathlib import Path

SRC = Path(__file__).resolve().parent.parent / "src"

# folder: what it may include besides itself and the system.
ALLOWED = {
    "base": set(),
    "text": {"base"},
    "store": {"base", "text"},
    "net": {"base"},
    "http": {"base", "net"},
    "desk": {"base", "text", "store"},
    "mail": {"base", "text", "store", "desk"},
    "web": {"base", "text", "store", "desk", "http"},
    "job": {"base", "text", "store", "desk", "mail", "http", "web"},
    "cli": {"base", "text", "store", "desk", "mail", "net", "http", "web", "job"},
    "": {"base", "cli"},  # main.c
}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
SQL = re.compile(r'"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH)\s[^"]*')
# What an SQL statement has behind its first word, so that plain English does not count.
SQL_BODY = re.compile(r"\b(FROM|VALUES|SET|INTO|AS)\b|\$1|[a-z_]+,\s")


def folder_of(path):
    parts = path.relative_to(SRC).parts
    return parts[0] if len(parts) > 1 else ""


def check_include(path, number, target):
    own = folder_of(path)
    if not (SRC / target).exists():
        # Generated headers stand in the build tree; anything else must be named from src/.
        if target == "version.h" or (SRC / (target + ".in")).exists():
            return []
        return [f"{path}:{number}: \"{target}\" is not a path from src/"]
    theirs = target.split("/")[0] if "/" in target else ""
    if theirs == own or theirs in ALLOWED[own]:
        return []
    return [f"{path}:{number}: {own or 'src'}/ must not include {theirs}/ ({target})"]


def check_file(path):
    own = folder_of(path)
    if own not in ALLOWED:
        return [f"{path}: folder {own}/ has no line in tools/layers.py"]
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        include = INCLUDE.match(line)
        if include:
            found += check_include(path, number, include[1])
        sql = SQL.search(line)
        if sql and own != "store" and SQL_BODY.search(sql[0]):
            found.append(f"{path}:{number}: SQL belongs into store/: {sql[0][:60]}")
    return found


def main():
    files = sorted(p for p in SRC.rglob("*") if p.suffix in (".c", ".h"))
    found = [line for path in files for line in check_file(path)]
    print("\n".join(found) if found else f"{len(files)} files keep to their layers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
