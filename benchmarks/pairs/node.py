"""Nodemailer, fetched once by npm into a folder that git does not see."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "nodemailer"
FOLDER = Path(__file__).parents[2] / ".nox" / "bench" / "node"
_OLDEST = 18


@cache
def node_folder() -> tuple[Path, str]:
    """Give the folder with Nodemailer in it, and why there is none where that is so."""
    return FOLDER, _fetch()


def _fetch() -> str:
    if shutil.which("node") is None or shutil.which("npm") is None:
        return "node or npm not found"
    version = subprocess.check_output(["node", "--version"], text=True).strip()
    if int(version.lstrip("v").partition(".")[0]) < _OLDEST:
        return f"node {version} is older than {_OLDEST}"
    wanted, here = SOURCE / "package.json", FOLDER / "package.json"
    if here.is_file() and here.read_bytes() == wanted.read_bytes() and (FOLDER / "node_modules").is_dir():
        return ""
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.copy(wanted, here)
    done = subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(FOLDER)],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    if done.returncode:
        here.unlink()
        return f"npm could not fetch Nodemailer: {done.stderr.strip()[-200:]}"
    return ""


def versions() -> dict[str, str]:
    """Give the versions of node and Nodemailer, as far as they are there."""
    import json

    package = FOLDER / "node_modules" / "nodemailer" / "package.json"
    if not package.is_file() or shutil.which("node") is None:
        return {}
    return {
        "node": subprocess.check_output(["node", "--version"], text=True).strip(),
        "nodemailer": str(json.loads(package.read_text())["version"]),
    }
