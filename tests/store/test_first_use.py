"""The first use of a store may be made by several threads at once, and by somebody who lacks its extra."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# The first one is about to import SQLAlchemy when another is opening the store.
_AT_ONCE = """
import sys, threading, time

inside, opening = threading.Event(), threading.Event()

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "mailsend.store.database":
            opening.set()
        asked_only = sys._getframe(2).f_code.co_name == "find_spec"
        if name == "sqlalchemy" and not asked_only and not inside.is_set():
            inside.set()
            opening.wait(10)
            time.sleep(0.5)

sys.meta_path.insert(0, Slow())

from mailsend import Mailer, Message, Settings

application = {
    "name": "Suite",
    "fallback_sender": "Suite <office@suite.example>",
    "allowed_domains": ["suite.example"],
    "smarthosts": ["memory:"],
    "store": sys.argv[1],
}
settings = Settings.model_validate({"application": application})
message = Message(to="bob@example.org", text="x")
done = []

def act(how):
    try:
        how()
        done.append("done")
    except Exception as problem:
        done.append(repr(problem))

acts = {
    "enqueue": lambda: Mailer(settings).enqueue(message),
    "send": lambda: Mailer(settings).send(message),
    "stats": lambda: Mailer(settings).outbox.stats(),
}
threads = [threading.Thread(target=act, args=(acts[one],)) for one in sys.argv[2:]]
for one in threads:
    one.start()
    inside.wait()
for one in threads:
    one.join()
print(*sorted(set(done)))
"""

_WITHOUT_THE_EXTRA = """
import sys

sys.modules["sqlalchemy"] = None
from mailsend import Mailer, MailsendError, Message, Settings

application = {
    "name": "Suite",
    "fallback_sender": "Suite <office@suite.example>",
    "allowed_domains": ["suite.example"],
    "smarthosts": ["memory:"],
}
if sys.argv[1]:
    application["store"] = sys.argv[1]
mailer = Mailer(Settings.model_validate({"application": application}))
for act in (lambda: mailer.enqueue(Message(to="bob@example.org", text="x")), mailer.deliver_due):
    try:
        act()
    except (MailsendError, ImportError) as problem:
        print(type(problem).__name__, end=" ")
"""


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("first", ["enqueue", "send", "stats"])
def test_threads_that_use_a_store_first_at_the_same_time_all_get_it(tmp_path: Path, first: str) -> None:
    """Nobody gets half of a package that another thread is still importing, and none is lost for good."""
    url = f"sqlite:///{tmp_path / 'mail.db'}"
    assert _run(_AT_ONCE, url, first, "send", "stats", "enqueue") == "done"


@pytest.mark.parametrize(
    ("store", "told"), [("", "NoStore NoStore"), ("memory:", "MissingExtra MissingExtra")]
)
def test_whoever_lacks_the_extra_is_told_what_is_missing(store: str, told: str) -> None:
    """Without SQLAlchemy the queue says that there is no store, or which extra it needs."""
    assert _run(_WITHOUT_THE_EXTRA, store) == told
