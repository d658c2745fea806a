"""Starting one contender in a fresh process and reading what it measured."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from pairs import mail
from pairs.catalogue import Contender, Kind
from pairs.node import node_folder
from pairs.servers import find
from pairs.task import Task

HERE = Path(__file__).parents[1]
_SOURCE_RATE = 12_000  # mails a second that smtp-source is given, so that it runs for about as long

_IMPORT = """\
import json, re, resource, sys, time
def peak(): return 1024 * int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
small, before, began, known = peak(), resource.getrusage(resource.RUSAGE_SELF), time.perf_counter(), len(sys.modules)
{statement}
seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
print(json.dumps(dict(count=1, seconds=seconds, cpu=cpu, rss=peak() - small, modules=len(sys.modules) - known)))
"""


class Failed(Exception):
    """A contender that did not come through; its message says why."""


def missing(contender: Contender) -> str:
    """Say what a contender needs and this machine lacks; empty where nothing."""
    lacking = [name for name in contender.needs if importlib.util.find_spec(name) is None]
    if lacking:
        return f"{', '.join(lacking)} not installed"
    if contender.kind is Kind.NODE:
        return node_folder()[1]
    if contender.kind is Kind.SMTP_SOURCE and find("smtp-source") is None:
        return "smtp-source not found"
    return ""


def launch(contender: Contender, task: Task) -> dict[str, Any]:
    """Give what one fresh process measured; raises Failed."""
    if contender.kind is Kind.SMTP_SOURCE:
        return _smtp_source(task)
    told = run(command(contender, task), task)
    try:
        result: dict[str, Any] = json.loads(told.strip().splitlines()[-1])
    except (ValueError, IndexError):
        raise Failed(f"said {told[-300:]!r}") from None
    if not result["count"]:
        raise Failed("finished nothing")
    return result


def command(contender: Contender, task: Task) -> list[str]:
    """Give the command line of a contender."""
    if contender.kind is Kind.NODE:
        package = str(node_folder()[0] / "package.json")
        asked = {**json.loads(task.to_json()), **({} if task.most else contender.options)}
        return ["node", str(HERE / "nodemailer" / "send.mjs"), json.dumps(asked), package]
    if contender.kind is Kind.IMPORT:
        modules, _, names = contender.where.partition(":")
        statement = f"from {modules} import {names}" if names else f"import {modules}"
        return [sys.executable, "-c", _IMPORT.format(statement=statement)]
    own = {} if task.most else contender.options
    return [sys.executable, str(HERE / "child.py"), contender.where, task.but(**own).to_json()]


def run(arguments: list[str], task: Task) -> str:
    """Run a program away from the tree, without settings of this machine; give what it printed."""
    mine = ("MAILSEND_", "SMTP_", "EMAIL_URL", "MAILER_DSN", "NODE_", "PYTHON")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    try:
        done = subprocess.run(
            arguments,
            cwd=task.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60 + 10 * (task.seconds + task.warm),
        )
    except subprocess.TimeoutExpired:
        raise Failed("did not end in time") from None
    if done.returncode:
        raise Failed((done.stderr.strip() or f"ended with {done.returncode}")[-600:])
    return done.stdout


def _smtp_source(task: Task) -> dict[str, Any]:
    """Measure smtp-source from outside: it counts mails, not seconds."""
    length = len(mail.mails(task.place)[0])
    count = task.most or int(_SOURCE_RATE * task.seconds)
    numbers = ["-s", str(task.connections), "-m", str(count), "-l", str(length)]
    addresses = ["-f", mail.SENDER, "-t", mail.recipient(0)]
    program = find("smtp-source")
    assert program is not None
    began = time.perf_counter()
    with subprocess.Popen([program, "-d", *numbers, *addresses, f"{task.host}:{task.port}"]) as process:
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"smtp-source ended with {process.returncode}")
    cpu = used.ru_utime + used.ru_stime
    return {"count": count, "seconds": seconds, "cpu": cpu, "rss": 0}
