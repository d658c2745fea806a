"""A look at what each contender sends, before anything is measured: the same mail, whole, signed."""

from __future__ import annotations

import asyncio
import base64
import email
import email.policy
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage

from pairs import mail
from pairs.catalogue import Contender, Kind
from pairs.launch import Failed, launch
from pairs.mail import Finished
from pairs.python_sink import Sink
from pairs.stdlib import rendering
from pairs.task import Task

Kept = list[tuple[str, list[str], bytes]]
_MAILS = 3


@contextmanager
def keeping() -> Iterator[tuple[int, Kept]]:
    """Run a sink in a thread; give its port and the mails that it keeps."""
    kept: Kept = []
    loop = asyncio.new_event_loop()
    opening = loop.create_server(lambda: Sink(lambda *one: kept.append(one)), "127.0.0.1", 0)
    server = loop.run_until_complete(opening)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield server.sockets[0].getsockname()[1], kept
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()


def look_at(contender: Contender, task: Task) -> None:
    """Let a contender send a few mails and read them; raises Failed for one that is not as asked."""
    if contender.kind is Kind.SMTP_SOURCE:  # it sends lines of X, and is here for its speed alone
        return
    with keeping() as (port, kept):
        launch(contender, task.but(port=port, most=_MAILS, warm=0.0, seconds=30.0, host="127.0.0.1"))
    if len(kept) != _MAILS:
        raise Failed(f"said that {_MAILS} mails were accepted, the server took {len(kept)}")
    built_beforehand = contender.name in {"transport", "aiosmtplib"}
    for sender, recipients, data in kept:
        if sender != mail.SENDER or len(recipients) != 1 or not recipients[0].startswith("customer-"):
            raise Failed(f"envelope {sender} → {recipients}")
        _read(data, task, inlined_elsewhere=contender.name == "stack-premailer")
        if task.signed and not built_beforehand and not _verified(data, task):
            raise Failed("the signature does not verify")


def _read(data: bytes, task: Task, *, inlined_elsewhere: bool) -> None:
    message = email.message_from_bytes(data, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    wanted = _wanted(" ".join(str(message["Subject"]).split()), task)
    found = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    text, html = ("" if one is None else str(one.get_content()) for one in found.values())
    if text.split() != wanted.text.split():
        raise Failed(f"the text is not what was asked for: {text[:200]!r}")
    # Another inliner writes the same styles otherwise; the words between the tags stay.
    same = _words if inlined_elsewhere else str.split
    if same(html) != same(wanted.html):
        raise Failed(f"the HTML is not what was asked for: {html[:200]!r}")
    attached = [one.get_payload(decode=True) for one in message.iter_attachments()]
    if attached != ([mail.document(task.place)] if task.attachment else []):
        raise Failed("the attachment is not what was asked for")


def _wanted(subject: str, task: Task) -> Finished:
    if task.form == "template":
        number = re.search(r"\d{6}", subject)
        return rendering(task)(int(number[0]) - mail.FIRST_ORDER if number else 0)
    for one in mail.contents(task.place):
        if one.subject == subject:
            return one
    raise Failed(f"the subject is not what was asked for: {subject!r}")


def _words(html: str) -> list[str]:
    return re.sub(r"<style.*?</style>|<[^>]*>", " ", html, flags=re.DOTALL).split()


def _verified(data: bytes, task: Task) -> bool:
    import dkim

    key = base64.b64encode((task.place / f"{task.algorithm}.public").read_bytes())
    return bool(dkim.verify(data, dnsfunc=lambda name, timeout=5: b"v=DKIM1; k=rsa; p=" + key))
