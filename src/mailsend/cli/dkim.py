"""``mailsend dkim``: a new key, and what to publish for the keys there are."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from mailsend.cli import options
from mailsend.cli.asking import settings_from
from mailsend.cli.dkim_keys import Published, published_keys
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.compose.sign import Signer
from mailsend.doctor.dkim_record import DkimRecord, new_key, public_record, request_text
from mailsend.model import rules_values as values
from mailsend.model.reading import Converter, Place

__all__ = ["dkim"]

dkim = typer.Typer(
    callback=options.help_if_alone, invoke_without_command=True, help="DKIM keys: new, record."
)

_OWNER_ONLY_FOLDER = 0o700
_OWNER_ONLY_FILE = 0o600

_Domain = Annotated[str, typer.Option("--domain", metavar="DOMAIN", help="The domain that it signs for.")]
_Selector = Annotated[str, typer.Option("--selector", metavar="NAME", help="Where its public half stands.")]
_Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the private key is written.")]
_Bits = Annotated[int, typer.Option("--bits", min=2048, max=4096, help="The size of the RSA key.")]
_OneDomain = Annotated[
    str | None, typer.Option("--domain", metavar="DOMAIN", help="Only the records of this domain.")
]
_OneSelector = Annotated[
    str | None, typer.Option("--selector", metavar="NAME", help="Only the records under this selector.")
]
_Letter = Annotated[bool, typer.Option("--letter", help="Print the text that asks a customer to publish it.")]
_Language = Annotated[
    str, typer.Option("--locale", metavar="TAG", help="The language of the letter: en or de.")
]


@dkim.command()
def new(
    domain: _Domain,
    selector: _Selector,
    out: _Out,
    bits: _Bits = 2048,
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Make a private key (RSA) and say what to publish for it.

    The file can be read by you alone, and none is ever overwritten. No settings are read.
    """
    output = Output(as_json=as_json, quiet=quiet)
    domain = _read("--domain", values.domain, domain, "Write a domain, as in suite.example.").ascii
    selector = _read("--selector", values.selector, selector, "Write labels, as in s2026.")
    with output.while_waiting("Making a key"):
        pem = new_key(bits)
    signer = Signer(domain=domain, selector=selector, key=pem)
    record = public_record(signer)
    _keep(out, pem)
    written = (
        f'[[application.dkim_keys]]\ndomain = "{signer.domain}"\nselector = "{selector}"\nkey_file = "{out}"'
    )
    output.document(
        {
            "file": str(out),
            "domain": signer.domain,
            "selector": selector,
            "algorithm": signer.algorithm,
            "bits": signer.bits,
            "record": _record(record),
            "settings": written,
        }
    )
    output.marked(True, f"The private key ({signer.bits} bits) is in {out}. Keep it from others.")
    output.heading("Publish this record")
    output.line(record.zone())
    output.heading("Name the key in the settings")
    output.block(written)
    return Exit.OK


@dkim.command("record")
def record_(
    domain: _OneDomain = None,
    selector: _OneSelector = None,
    letter: _Letter = False,
    locale: _Language = "en",
    config: options.Config = None,
    as_json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> int:
    """Say what to publish for the keys in the settings.

    As a TXT record for a zone file, as a CNAME where our own record would serve, and with --letter
    as a text for whoever keeps the DNS.
    """
    output = Output(as_json=as_json, quiet=quiet)
    found = [
        one
        for one in published_keys(settings_from(config).rules)
        if domain in (None, one.domain) and selector in (None, one.key.selector)
    ]
    if not found:
        raise CommandFailed(
            Exit.CONFIGURATION,
            "the settings name no such DKIM key",
            advice="Make one with 'mailsend dkim new', and name it under [[application.dkim_keys]].",
        )
    output.document([_document(one, locale) for one in found])
    for number, one in enumerate(found):
        if number:
            output.line()
        _tell(output, one, locale if letter else None)
    return Exit.OK


def _tell(output: Output, one: Published, letter: str | None) -> None:
    if letter is not None:
        output.block(request_text(one.alias or one.record, letter))
        return
    state = f"{one.key.state}" if one.key.published else f"{one.key.state}, not yet published"
    output.line(f"{one.record.fqdn} ({one.signer.algorithm}, {one.signer.bits} bits, {state})", "bold")
    output.line(one.record.zone())
    if one.alias is not None:
        output.line("or, so that a new key there needs no change here:")
        output.line(one.alias.zone())


def _document(one: Published, locale: str) -> dict[str, Any]:
    return {
        "where": one.where,
        "domain": one.domain,
        "selector": one.key.selector,
        "algorithm": one.signer.algorithm,
        "bits": one.signer.bits,
        "warning": one.signer.warning,
        "state": str(one.key.state),
        "published": one.key.published,
        "record": _record(one.record),
        "alias": None if one.alias is None else _record(one.alias),
        "letter": request_text(one.alias or one.record, locale),
    }


def _record(one: DkimRecord) -> dict[str, Any]:
    return {
        "name": one.fqdn,
        "type": str(one.type),
        "value": one.value,
        "strings": list(one.strings),
        "zone": one.zone(),
    }


def _read(option: str, convert: Converter, text: str, advice: str) -> Any:
    """Read what an option holds before a key is made for it."""
    place = Place(option)
    read = convert(text, place)
    for one in place.problems:
        raise CommandFailed(Exit.USAGE, f"{option}: {one.why}", advice=advice)
    return read


def _keep(file: Path, pem: bytes) -> None:
    """Write a private key for its owner alone; never over anything."""
    try:
        file.parent.mkdir(mode=_OWNER_ONLY_FOLDER, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY_FILE)
    except FileExistsError:
        raise CommandFailed(
            Exit.CANNOT_CREATE,
            f"{file} exists, and a private key is never written over anything",
            advice="Name another file, or move that one away.",
        ) from None
    except OSError as problem:
        raise CommandFailed(
            Exit.CANNOT_CREATE,
            f"{file} cannot be written: {problem.strerror}",
            advice="Name a file in a folder that you may write to.",
        ) from None
    with os.fdopen(handle, "wb") as opened:
        opened.write(pem)
