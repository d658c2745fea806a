"""What mails were told to have become, and what the servers have of them: one may not contradict the other."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from mail_strategies import shop

from mailsend.model.message import Message
from mailsend.model.report import Report
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer

__all__ = ["Told", "agree", "eventually", "mails", "settings_for", "standing", "taken_by"]

_MESSAGE_ID = re.compile(rb"^Message-ID: <([^>]+)>\r\n", re.MULTILINE)


class Told:
    """Keeps the last outcome of each mail by its Message-ID; ``after`` is an interceptor.

    With ``aloud`` each is printed as well, for whoever reads what a program says.
    """

    def __init__(self, *, aloud: bool = False) -> None:
        self.outcomes: dict[str, str] = {}
        self._aloud = aloud

    def after(self, report: Report) -> None:
        """Take note of a report on a mail to one recipient."""
        (result,) = report.recipients.values()
        self.outcomes[report.message_id] = str(result.outcome)
        if self._aloud:
            sys.stdout.write(f"{report.message_id} {result.outcome}\n")
            sys.stdout.flush()

    @property
    def count(self) -> Counter[str]:
        """How many mails had which outcome."""
        return Counter(self.outcomes.values())


def mails(number: int = 100, *, text: str = "Hello") -> list[Message]:
    """Give this many mails to one recipient each."""
    return [Message(to="bob@example.org", subject=str(place), text=text) for place in range(number)]


def settings_for(server: ScriptedServer, port: int | None = None, query: str = "") -> Settings:
    """Give settings whose one smarthost is ``server``, by way of ``port`` where one is given."""
    url = server.url if port is None else server.url.replace(f":{server.port}?", f":{port}?")
    return Settings.model_validate(shop(url + query))


def taken_by(servers: Iterable[ScriptedServer]) -> Counter[str]:
    """Give how often each Message-ID was taken, by the servers' own record."""
    found = (_MESSAGE_ID.search(mail.data) for server in servers for mail in server.messages)
    return Counter(one[1].decode() for one in found if one is not None)


def agree(told: Mapping[str, str], *servers: ScriptedServer) -> None:
    """Check that no mail was lost, and none told to be what it is not: it may be unknown at worst."""
    taken = taken_by(servers)
    assert [one for one, times in taken.items() if times > 1] == []
    assert sum(taken.values()) == sum(len(server.messages) for server in servers)
    assert [one for one, outcome in told.items() if outcome == "accepted" and one not in taken] == []
    assert [one for one in taken if told.get(one) not in ("accepted", "unknown")] == []
    assert set(told.values()) <= {"accepted", "deferred", "unknown"}


def eventually(look: Callable[[], Any], wanted: Any) -> None:
    """Wait until ``look()`` gives what is wanted; the other end of a connection needs a moment to see it close."""
    ends = time.monotonic() + 20
    while (found := look()) != wanted and time.monotonic() < ends:
        time.sleep(0.01)
    assert found == wanted


def standing() -> tuple[int, frozenset[str]]:
    """Give how many files are open, and the names of the threads but for the one of all Mailers and its helpers."""
    names = (one.name for one in threading.enumerate())
    return len(list(Path("/dev/fd").iterdir())), frozenset(
        one for one in names if not one.startswith("mailsend_")
    )
