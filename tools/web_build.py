#!/usr/bin/env python3
"""Builds the web application: web_build.py WEB_FOLDER OUT_FOLDER STAMP DEPFILE

OUT_FOLDER gets app/ as it is served below /app. Installs the packages of package-lock.json first when they are not
there; several builds may want that at once, so one waits for the other. The same sources give the same bytes."""
import fcntl
import os
import pathlib
import subprocess
import sys

SOURCES = ("index.html", "package.json", "package-lock.json", "vite.config.ts", "svelte.config.js", ".npmrc")


def environment(root):
    env = dict(os.environ, NODE_ENV="production", FORCE_COLOR="0", CI="1")
    env["PATH"] = f"{root / 'tools' / 'node' / 'bin'}:{env['PATH']}"
    return env


def run(command, web, env):
    done = subprocess.run(command, cwd=web, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-8000:]}")


def install(web, env):
    installed, lock = web / "node_modules" / ".package-lock.json", web / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return
    # A build needs a third of it; what tests need stays where tools/setup test has installed it.
    less = [] if (web / "node_modules" / "vitest").exists() else ["--omit=dev"]
    run(["npm", "ci", "--ignore-scripts", *less, "--no-audit", "--no-fund", "--silent"], web, env | {"NODE_ENV": "development"})
    os.utime(installed)


def sources(web):
    return sorted(str(p) for p in [*(web / name for name in SOURCES), *(web / "src").rglob("*")]
                  if not p.name.endswith((".gen.ts", ".test.ts")))


def main():
    web, out, stamp, depfile = (pathlib.Path(a).resolve() for a in sys.argv[1:])
    env = environment(web.parent)
    with open(web / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        install(web, env)
    run(["node", "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn", "--emptyOutDir", "--outDir", str(out / "app")], web, env)
    depfile.write_text(f"{sys.argv[3]}: " + " ".join(p.replace(" ", "\\ ") for p in sources(web)) + "\n")
    stamp.write_text("")


main()
