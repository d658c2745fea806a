"""``mailsend queue`` tells times in the zone of the application, as ``mailsend log`` does, and names it."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from mailsend import Mailer, Message, Settings

ZURICH = ZoneInfo("Europe/Zurich")
LATER = datetime(2126, 7, 1, 10, 30, tzinfo=UTC)


@pytest.fixture
def mailer(mailsend, settings):
    """Give a Mailer whose application is in Zurich, with one mail that waits for a later day."""
    known = 'store = "sqlite:///mailsend.db"\ntimezone = "Europe/Zurich"\n'
    known += 'secret_keys = ["the-first-of-the-secret-keys"]\n'
    settings.write_text(settings.read_text().replace("[application]\n", f"[application]\n{known}", 1))
    assert mailsend("store", "upgrade").code == 0
    with Mailer(Settings.load(settings)) as opened:
        opened.enqueue(Message(to="bob@example.org", subject="Later", text="x", send_at=LATER))
        yield opened


def test_the_queue_is_told_in_the_zone_of_the_application(mailsend, mailer):
    """The list says the zone above, the figures beside the time; JSON keeps the offset."""
    head, row = mailsend("queue", "list").out.splitlines()
    assert "due (Europe/Zurich)" in head
    assert "2126-07-01 12:30" in row
    assert "UTC" not in f"{head}{row}"
    assert "next        2126-07-01 12:30:00 CEST\n" in mailsend("queue", "stats").out
    told = mailsend("queue", "stats", "--json").document["next_due"]
    assert datetime.fromisoformat(told) == LATER
