#!/usr/bin/env python3
"""Turns folders of static files into an assembler file of their bytes and a C table of their names.

usage: embed_static.py OUT.S OUT.c DEPFILE PACKED_DIR BROTLI DIR...

Every file becomes /its/path under its folder; a later folder hides the same path of an earlier one.
Text is also stored packed by gzip, and by brotli when BROTLI is the program's path and not "-".
A packed form that is not at least a tenth smaller is left out.

A style sheet may begin with @import "../path.css"; of a file that is no asset itself: it is put in its place,
without comments, and light-dark() becomes a block for each scheme, for browsers that do not know it.
"""
import gzip
import hashlib
import os
import re
import subprocess
import sys

TYPES = {
    ".css": "text/css; charset=utf-8", ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon", ".js": "text/javascript; charset=utf-8",
    ".json": "application/json", ".map": "application/json",
    ".mjs": "text/javascript; charset=utf-8", ".png": "image/png",
    ".svg": "image/svg+xml", ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json", ".webp": "image/webp",
    ".woff2": "font/woff2", ".yaml": "application/yaml",
}
PACKED_TYPES = re.compile(r"^(text/|application/|image/svg)")
HASHED = re.compile(r"/assets/[^/]+[-.][A-Za-z0-9_-]{8,}\.[a-z0-9]+$")


def gather(folders):
    files, seen = {}, []
    for folder in folders:
        for base, subs, names in os.walk(folder):
            subs.sort()
            seen.append(base)
            for name in names:
                full = os.path.join(base, name)
                if not name.startswith("."):
                    files["/" + os.path.relpath(full, folder).replace(os.sep, "/")] = full
                    seen.append(full)
    return dict(sorted(files.items(), key=lambda kv: kv[0].encode())), seen


IMPORT = re.compile(r'^@import "(\.\./[^"]+)";\n', re.M)
LIGHT_DARK = re.compile(r"light-dark\(([^,()]+),\s*([^()]+)\)")


def style_sheet(full, seen):
    """The bytes of a style sheet with what it imports."""
    text = open(full, encoding="utf-8").read()
    if not IMPORT.search(text):
        return text.encode()

    def imported(match):
        path = os.path.normpath(os.path.join(os.path.dirname(full), match.group(1)))
        seen.append(path)
        return open(path, encoding="utf-8").read()

    text = IMPORT.sub(imported, text)
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    dark = [LIGHT_DARK.sub(r"\2", line.strip()) for line in text.splitlines()
            if line.strip().startswith("--") and LIGHT_DARK.search(line)]
    text = LIGHT_DARK.sub(r"\1", text)
    if dark:
        head, brace, rest = text.partition("\n}\n")
        text = head + brace + "@media (prefers-color-scheme: dark) {\n:root {\n" + "\n".join(dark) + "\n}\n}\n" + rest
    return re.sub(r"\s*\n\s*", "\n", text).strip().encode() + b"\n"


def pack(data, brotli):
    forms = {"gzip": gzip.compress(data, 9, mtime=0)}
    if brotli != "-":
        run = subprocess.run([brotli, "-q", "11", "-c"], input=data, stdout=subprocess.PIPE, check=True)
        forms["br"] = run.stdout
    return {k: v for k, v in forms.items() if len(v) < len(data) * 0.9}


def quoted(text):
    if not re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]*", text):
        sys.exit(f"embed_static: a name that cannot be embedded: {text!r}")
    return f'"{text}"'


def main():
    out_s, out_c, depfile, packed_dir, brotli, *folders = sys.argv[1:]
    files, seen = gather(folders)
    os.makedirs(packed_dir, exist_ok=True)
    asm = ['    .section .rodata', '']
    names, rows = [], []
    for i, (path, full) in enumerate(files.items()):
        data = style_sheet(full, seen) if path.endswith(".css") else open(full, "rb").read()
        if path.endswith(".css"):
            full = os.path.join(packed_dir, f"{i}.css")
            open(full, "wb").write(data)
        kind = TYPES.get(os.path.splitext(path)[1], "application/octet-stream")
        forms = {"identity": (full, len(data))}
        for form, packed in (pack(data, brotli) if PACKED_TYPES.match(kind) else {}).items():
            name = os.path.join(packed_dir, f"{i}.{form}")
            open(name, "wb").write(packed)
            forms[form] = (name, len(packed))
        cells = []
        for form, (name, size) in forms.items():
            symbol = f"asset_{i}_{form}"
            asm += [f"    .global {symbol}", f"    .hidden {symbol}", "    .balign 16", f"{symbol}:",
                    f"    .incbin {quoted(os.path.abspath(name))}", ""]
            names.append(f"extern const char {symbol}[];")
            cells.append(f".{form} = {{ {symbol}, {size} }}")
        etag = hashlib.sha256(data).hexdigest()[:20]
        hashed = "true" if HASHED.search(path) else "false"
        rows.append(f'    {{ {{ {quoted(path)}, {len(path)} }}, {{ {quoted(kind)}, {len(kind)} }},\n'
                    f'      {{ "{etag}", {len(etag)} }}, {hashed}, {", ".join(cells)} }},')
    asm += ['    .section .note.GNU-stack,"",%progbits', '']
    with open(out_s, "w") as f:
        f.write("\n".join(asm))
    with open(out_c, "w") as f:
        f.write('#include "http/static.h"\n\n' + "\n".join(names) + "\n\n")
        f.write("const struct asset static_assets[] = {\n" + "\n".join(rows) + "\n};\n")
        f.write(f"const size_t static_n_assets = {len(rows)};\n")
    with open(depfile, "w") as f:
        f.write(f"{out_s} {out_c}: " + " ".join(p.replace(" ", "\\ ") for p in seen) + "\n")


main()
