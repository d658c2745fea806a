"""``mailsend demo``: the whole job on this machine, with a real SMTP server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from mailsend.cli import options
from mailsend.cli.demo_world import SELECTOR, Scene, scenes, settings_with
from mailsend.cli.documents import report_document, submission_document
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.story import tell_decisions, tell_report
from mailsend.cli.viewing import viewable_mail, write_file
from mailsend.compose.sign import Signer
from mailsend.doctor.dkim_record import new_key, public_record
from mailsend.errors import MessageRefused, MissingExtra
from mailsend.mailer import Mailer
from mailsend.model.report import Report
from mailsend.model.submission import Refusal, Submission
from mailsend.testing.server import ScriptedServer

__all__ = ["demo"]

_Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where the mails are left to look at.")]
_Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Not read: the demo brings its own settings.")
]
_INDENT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Played:
    """What came of one scene; ``signatures`` are its signatures, each with dkimpy's judgement."""

    scene: Scene
    mail: Submission
    report: Report
    arrived: bytes
    signatures: tuple[tuple[str, bool], ...]
    files: tuple[Path, ...]

    @property
    def same(self) -> bool:
        return self.arrived == self.mail.data

    @property
    def good(self) -> bool:
        signed = bool(self.signatures) and all(valid for _, valid in self.signatures)
        return self.same and self.report.complete and signed


def demo(
    out: _Out = Path("mailsend-demo"),
    config: _Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Do the whole job on this machine.

    Decides, signs, sends and proves what arrived: two mails, and a real SMTP server on 127.0.0.1
    that ends with the demo. Nothing leaves this machine, and no settings are read.
    """
    output = Output(as_json=as_json, quiet=quiet)
    key, record = _new_key()
    _make_folder(out)
    output.line("Two customers, one DKIM key made just now, and a real SMTP server on 127.0.0.1.", "bold")
    with _server() as server:
        settings = settings_with(server.url, key)
        with Mailer(settings) as mailer:
            played = []
            for number, scene in enumerate(scenes(settings.rules), 1):
                one = _play(scene, mailer, server, record, out)
                _tell(output, number, one)
                played.append(one)
    output.document({"selector": SELECTOR, "record": record, "mails": [_document(one) for one in played]})
    output.line()
    output.line(f"Now open them in {out}: .html in a browser, .eml in a mail program.")
    if not all(one.good for one in played):
        raise CommandFailed(
            Exit.INTERNAL, "the demo did not come out as it should", advice="Please report it."
        )
    return Exit.OK


def _play(scene: Scene, mailer: Mailer, server: ScriptedServer, record: str, out: Path) -> _Played:
    mail = mailer.preview(scene.message)
    if isinstance(mail, Refusal):
        raise MessageRefused(mail)
    report = mailer.deliver(mail)
    arrived = server.messages[-1].data
    html, eml = out / f"{scene.name}.html", out / f"{scene.name}.eml"
    write_file(html, (viewable_mail(mail) or "").encode())
    write_file(eml, arrived)
    return _Played(
        scene=scene,
        mail=mail,
        report=report,
        arrived=arrived,
        signatures=_judged(mail, arrived, record),
        files=(html, eml),
    )


def _judged(mail: Submission, arrived: bytes, record: str) -> tuple[tuple[str, bool], ...]:
    """Let dkimpy judge each signature of the bytes that arrived, by the record one would publish."""
    import dkim

    names = mail.signatures.value()

    def published(name: bytes, timeout: int = 0) -> bytes | None:
        return record.encode() if name.decode().rstrip(".") in names else None

    return tuple(
        (name, bool(dkim.DKIM(arrived).verify(idx=index, dnsfunc=published)))
        for index, name in enumerate(names)
    )


def _tell(output: Output, number: int, one: _Played) -> None:
    output.heading(f"{number}. {one.scene.title}.")
    tell_decisions(output, one.mail.decisions, indent=_INDENT)
    tell_report(output, one.report, indent=_INDENT)
    for name, valid in one.signatures:
        word = "verifies" if valid else "does not verify"
        output.marked(valid, f"The signature of {name} {word} (judged by dkimpy).", indent=_INDENT)
    what = "byte for byte what the preview held" if one.same else "not what the preview held"
    output.marked(
        one.same,
        f"{len(one.arrived):,} bytes arrived, {what} (SHA-256 {one.mail.digest[:16]}…).",
        indent=_INDENT,
    )
    output.marked(True, f"Left in {' and '.join(str(file) for file in one.files)}.", indent=_INDENT)


def _document(one: _Played) -> dict[str, Any]:
    return {
        "name": one.scene.name,
        "title": one.scene.title,
        "mail": submission_document(one.mail),
        "report": report_document(one.report),
        "signatures": [{"name": name, "valid": valid} for name, valid in one.signatures],
        "same_bytes": one.same,
        "files": [str(file) for file in one.files],
    }


@contextmanager
def _server() -> Iterator[ScriptedServer]:
    server = ScriptedServer()
    try:
        server.start()
    except MissingExtra:
        raise MissingExtra("demo", needed_for="the demo") from None
    try:
        yield server
    finally:
        server.stop()


def _new_key() -> tuple[str, str]:
    """Make a key, and give it as PEM with the record that one would publish for it."""
    key = new_key().decode()
    return key, public_record(Signer(domain="suite.example", selector=SELECTOR, key=key)).value


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise CommandFailed(
            Exit.CANNOT_CREATE,
            f"{folder} cannot be made: {problem.strerror}",
            advice="Name another folder: --out FOLDER.",
        ) from None
