"""Writing and signing a mail, ours beside EmailMessage and dkimpy: paired in one run, told as ratios.

The mail is a typical one: UTF-8 text and HTML, a logo shown by its cid, a PDF of 40 kB.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mailsend.compose.mime import Letter, compose
from mailsend.compose.sign import Signer
from mailsend.model.address import Mailbox
from mailsend.model.attachment import Attachment
from mailsend.model.secret import Secret

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
SUBJECT = "Ihre Bestellung 4711 ist unterwegs, Grüße aus Zürich"
TEXT = "Guten Tag Frau Müller,\n\n" + "Ihre Bestellung ist unterwegs und trifft am Dienstag ein.\n" * 20
HTML = (
    "<html><body><img src='cid:logo'><h1>Grüezi</h1>"
    + "<p style='color:#123456'>Ihre Bestellung ist unterwegs.</p>" * 40
    + "</body></html>"
)
LOGO = bytes(range(256)) * 12
PDF = bytes(reversed(range(256))) * 160


def letters() -> Callable[[], bytes]:
    """Ours. Attachments are encoded once per object, as they are in an application."""
    logo = Attachment.from_bytes(LOGO, filename="logo.png", content_type="image/png", inline=True)
    pdf = Attachment.from_bytes(PDF, filename="Rechnung.pdf", content_type="application/pdf")
    sender = Mailbox.parse("Operations the Rat <office@operations-the-rat.example>")
    recipient = Mailbox.parse("Erika Müller <erika@example.org>")
    letter = Letter(
        from_=sender,
        to=(recipient,),
        cc=(),
        reply_to=(sender,),
        subject=SUBJECT,
        date=NOW,
        message_id="01hq@operations-the-rat.example",
        text=TEXT,
        html=HTML,
        related=(logo,),
        attachments=(pdf,),
        calendar=None,
        headers=(("X-Order", "4711"),),
        content_language="de-CH",
        boundary_seed="01hq",
        original=None,
    )
    return lambda: compose(letter)


def standard_library() -> bytes:
    """The standard library's builder."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Operations the Rat <office@operations-the-rat.example>"
    mail["To"] = "Erika Müller <erika@example.org>"
    mail["Reply-To"] = "Operations the Rat <office@operations-the-rat.example>"
    mail["Subject"] = SUBJECT
    mail["Date"] = NOW
    mail["Message-ID"] = "<01hq@operations-the-rat.example>"
    mail["X-Order"] = "4711"
    mail.set_content(TEXT)
    mail.add_alternative(HTML, subtype="html")
    mail.get_payload()[1].add_related(LOGO, "image", "png", cid="<logo>", filename="logo.png")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="Rechnung.pdf")
    return mail.as_bytes()


def paired(ours: Callable[[], object], theirs: Callable[[], object], seconds: float) -> dict[str, float]:
    """Run both in turn until ``seconds`` have passed; give medians in milliseconds and their ratio."""
    ours(), theirs()
    times: tuple[list[float], list[float]] = ([], [])
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times[0]) < 5:
        for place, work in enumerate((ours, theirs)):
            begin = time.perf_counter()
            work()
            times[place].append(time.perf_counter() - begin)
    mine, other = (1000 * statistics.median(one) for one in times)
    return {"ours_ms": mine, "theirs_ms": other, "ratio": other / mine, "rounds": len(times[0])}


def main() -> None:
    """Measure, print the table, keep the JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each pair")
    asked = parser.parse_args()

    pem = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    domain, selector = "operations-the-rat.example", "s2026"
    signer = Signer(domain=domain, selector=selector, key=Secret(pem.decode()))
    write = letters()
    data = write()
    signed = [
        b"from",
        b"to",
        b"subject",
        b"date",
        b"message-id",
        b"mime-version",
        b"content-type",
        b"reply-to",
    ]

    def ours() -> bytes:
        return signer.sign(data, now=NOW)

    def dkimpy() -> bytes:
        return dkim.sign(
            data,
            selector.encode(),
            domain.encode(),
            pem,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=signed,
        )

    results = {
        "write: beside EmailMessage": paired(write, standard_library, asked.seconds),
        "sign RSA-2048: beside dkimpy": paired(ours, dkimpy, asked.seconds),
        "write and sign: beside both": paired(
            lambda: signer.sign(write(), now=NOW), lambda: (standard_library(), dkimpy()), asked.seconds
        ),
    }
    print(f"{'':32} {'ours ms':>9} {'theirs ms':>10} {'ratio':>7}")
    for name, one in results.items():
        print(f"{name:32} {one['ours_ms']:9.3f} {one['theirs_ms']:10.3f} {one['ratio']:6.1f}x")
    if asked.json:
        told = {"python": platform.python_version(), "bytes": len(data), "results": results}
        asked.json.write_text(json.dumps(told, indent=2) + "\n")
    print(f"bench: {len(results)} pairs measured")


if __name__ == "__main__":
    main()
