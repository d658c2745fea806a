"""What a run lays down for all contenders: keys, contents, finished mails, an attachment."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from pairs import mail

_MEBIBYTE = 2**20


def lay_down(folder: Path) -> None:
    """Write it all into ``folder``; every contender reads the same."""
    for name, key in (
        ("rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048)),
        ("ed25519", ed25519.Ed25519PrivateKey.generate()),
    ):
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        (folder / f"{name}.pem").write_bytes(private)
        public = key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (folder / f"{name}.public").write_bytes(public)
    (folder / "document.pdf").write_bytes(os.urandom(_MEBIBYTE))
    _contents(folder)
    _mails(folder)


def _contents(folder: Path) -> None:
    from jinja2.sandbox import SandboxedEnvironment

    from mailsend.compose.templates.inline import inlined
    from pairs.stdlib import rendering
    from pairs.task import Task

    # The peers are given the template with its CSS inlined beforehand, by the inliner that mailsend uses.
    source = (mail.TEMPLATES / "order" / "body.html.j2").read_text()
    environment = SandboxedEnvironment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    (folder / "inlined.html.j2").write_text(inlined(environment, source, "", "body.html.j2"))
    render = rendering(Task(folder=str(folder)))
    contents = [asdict(render(number)) for number in range(mail.DIFFERENT)]
    (folder / "contents.json").write_text(json.dumps(contents))


def _mails(folder: Path) -> None:
    """Write finished mails, unsigned, as mailsend writes them; signers and transports take these."""
    from mailsend import Mailer, Refusal
    from pairs.peers.ours import making, settings
    from pairs.task import Task

    task = Task(folder=str(folder))
    make, big = making(task), making(task.but(attachment=True))
    wanted = {f"mail-{number}.eml": make(number) for number in range(mail.DIFFERENT)}
    with Mailer(settings(task, server="memory:")) as mailer:
        for name, message in {**wanted, "big.eml": big(0)}.items():
            written = mailer.preview(message)
            if isinstance(written, Refusal):
                raise TypeError(written.explain())
            (folder / name).write_bytes(written.data)
