#!/usr/bin/env python3
"""Writes src/store/migrations/*.sql as a C table: embed_migrations.py OUT.c FILE.sql…"""
import os
import re
import sys


def c_lines(text):
    for line in text.splitlines(keepends=True):
        quoted = line.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n').replace('?', '\\?')
        yield f'    "{quoted}"'


def main():
    out, files = sys.argv[1], sorted(sys.argv[2:], key=os.path.basename)
    folder = os.path.dirname(files[0])
    names = [os.path.basename(f) for f in files]
    unlisted = {f for f in os.listdir(folder) if f.endswith('.sql')} - set(names)
    if unlisted:
        sys.exit(f'not listed in src/store/meson.build: {", ".join(sorted(unlisted))}')
    rows, texts = [], []
    for want, (path, name) in enumerate(zip(files, names), start=1):
        match = re.fullmatch(r'(\d{4})_([a-z0-9_]+)\.sql', name)
        if not match or int(match[1]) != want:
            sys.exit(f'{name}: expected {want:04d}_name.sql')
        with open(path, encoding='utf-8') as f:
            body = '\n'.join(c_lines(f.read()))
        texts.append(f'static const char text_{want}[] =\n{body};\n')
        rows.append(f'    {{ {want}, "{match[2]}", {{ text_{want}, sizeof(text_{want}) - 1 }} }},')
    with open(out, 'w', encoding='utf-8') as f:
        f.write('#include "store/migrate.h"\n\n' + '\n'.join(texts))
        f.write('\nstatic const struct migration list[] = {\n' + '\n'.join(rows) + '\n};\n')
        f.write('const struct migration_list migrations_built_in = { list, ARRAY_LEN(list) };\n')


main()
