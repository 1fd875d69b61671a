#!/usr/bin/env python3
"""Functions of at most 80 lines, files of at most 700: c-style.md sections 1 and 4, as a test.

Counts on the layout that clang-format keeps: a function's body stands between '{' and '}' alone at the
left margin (tables end in '};' and do not count).  Looks at src/ and tests/ beside its own folder.
"""
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
FUNCTION_MAX = 80
FILE_MAX = 700


def signature(lines, brace):
    """The line that names the function whose body begins at index brace."""
    at = brace - 1
    while at > 0 and lines[at][:1] in (" ", "\t", ""):
        at -= 1
    return lines[at].strip()


def check_file(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    found = []
    if len(lines) > FILE_MAX:
        found.append(f"{path}: {len(lines)} lines, at most {FILE_MAX} (aim: 600)")
    begin = None
    for number, line in enumerate(lines):
        if line == "{":
            begin = number
        elif line == "}" and begin is not None:
            length = number - begin + 1
            if length > FUNCTION_MAX:
                found.append(
                    f"{path}:{begin + 1}: {length} lines, at most {FUNCTION_MAX}: {signature(lines, begin)}")
            begin = None
    return found


def main():
    files = sorted(p for top in ("src", "tests") for p in (TOP / top).rglob("*") if p.suffix in (".c", ".h") and "node_modules" not in p.parts)
    found = [line for path in files for line in check_file(path)]
    print("\n".join(found) if found else f"{len(files)} files are short enough")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
