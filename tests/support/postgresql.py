"""A PostgreSQL server of the tests' own, where its programs are installed."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

SERVERS = Path("/usr/lib/postgresql")
NOBODY = "nobody"
"""PostgreSQL refuses to run as root."""


@contextlib.contextmanager
def private_cluster() -> Iterator[str | None]:
    """The address of an empty database; None: PostgreSQL is not there, or may not be run."""
    programs = _programs()
    if programs is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="doorward-postgresql-"))
    as_whom = []
    if os.geteuid() == 0:
        shutil.chown(folder, NOBODY)
        as_whom = ["runuser", "-u", NOBODY, "--"]

    def run(program: str, *arguments: str) -> None:
        command = [*as_whom, str(programs / program), "-D", str(folder / "data"), *arguments]
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)

    try:
        run("initdb", "-A", "trust", "-U", "doorward", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-k {folder} -c listen_addresses= -c fsync=off"
        run("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
        try:
            yield f"postgresql://doorward@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    found = sorted(SERVERS.glob("*/bin/initdb"))
    if not found or not hasattr(os, "geteuid"):
        return None
    if os.geteuid() == 0 and shutil.which("runuser") is None:
        return None
    return found[-1].parent
