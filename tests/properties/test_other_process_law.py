"""Equal inputs give equal bytes wherever they are prepared."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from datetime import UTC, datetime
sys.path.append(sys.argv[1])
from mail_strategies import shop
from mailsend.mailer.gather import gather
from mailsend.model.attachment import Attachment
from mailsend.model.message import Invitation, Message
from mailsend.prepare import prepare
from mailsend.settings import Settings
rules = Settings.model_validate(shop()).rules
picture = Attachment.from_bytes(b"x", filename="a.png", inline=True)
ics = "BEGIN:VCALENDAR\\nVERSION:2.0\\nMETHOD:REQUEST\\nBEGIN:VEVENT\\nUID:1\\nEND:VEVENT\\nEND:VCALENDAR\\n"
for number, (customer, sender) in enumerate(
    [("ratcatcher", "Jörg <j@rat.example>"), ("owl", "x@gmail.com"), (None, None)]
):
    message = Message(
        from_=sender, to=["b@example.org", "Ω <c@münchen.example>"], customer=customer, subject="Grüße " * 20,
        text="Grüße", html=f'<img src="cid:{picture.cid}">', attachments=[picture], calendar=Invitation(ics),
        headers={"X-B": "ä", "X-A": "b"}, send_at=datetime(2026, 7, 1, 12, tzinfo=UTC),
    )
    found = gather(message, rules.scope(customer), rules, now=datetime(2026, 11, 21, tzinfo=UTC), id=f"id{number}",
                   test_mode=rules.scope(customer).test_mode)
    print(prepare(message, found).digest)
"""


def _digests(**environment: str) -> list[str]:
    helpers = str(Path(__file__).parents[1] / "helpers")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, helpers],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return done.stdout.split()


def test_hash_seed_time_zone_and_locale_change_no_byte():
    """Two processes with another hash seed, time zone and locale prepare the very same mails."""
    here = _digests(PYTHONHASHSEED="1", TZ="UTC", LC_ALL="C.UTF-8")
    there = _digests(PYTHONHASHSEED="4242", TZ="Asia/Kathmandu", LC_ALL="tr_TR.UTF-8")
    assert len(here) == 3
    assert here == there
