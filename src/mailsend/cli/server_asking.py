"""What people typed about servers, made into a customer, a server, an account."""

from __future__ import annotations

import getpass
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from mailsend.cli.blank import none_blank, not_blank
from mailsend.cli.exits import CommandFailed, Exit
from mailsend.cli.output import Output
from mailsend.cli.passwords import read_password
from mailsend.cli.server_words import traits_of
from mailsend.model.reading import Loose, Place
from mailsend.model.server import Credentials, Server, TlsMode
from mailsend.model.server_options import OPTIONS
from mailsend.model.server_url import SCHEMES, server_at

__all__ = [
    "By",
    "Entered",
    "Host",
    "Locale",
    "Note",
    "PasswordEnv",
    "PasswordFile",
    "Port",
    "Senders",
    "Tls",
    "Traits",
    "User",
    "Which",
    "Who",
    "changed_server",
    "entered_server",
    "is_url",
    "named",
    "person",
]

Who: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="CUSTOMER", callback=not_blank, help="Whose server (or --customer NAME).", show_default=False
    ),
]
Which: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        metavar="SERVER",
        callback=not_blank,
        help="Which: host:port, or the host. One alone need not be named.",
        show_default=False,
    ),
]
By: TypeAlias = Annotated[
    str | None,
    typer.Option("--by", metavar="NAME", callback=not_blank, help="Who does it (else the log-in name here)."),
]
Note: TypeAlias = Annotated[str, typer.Option("--note", metavar="TEXT", help="Why; it is written down.")]
Locale: TypeAlias = Annotated[
    str, typer.Option("--locale", metavar="TAG", help="The language of the words: en or de.")
]
Host: TypeAlias = Annotated[
    str | None, typer.Option("--host", metavar="NAME", callback=not_blank, help="Instead of a URL.")
]
Port: TypeAlias = Annotated[
    int | None,
    typer.Option("--port", metavar="NUMBER", min=1, max=65535, help="Else 587; with implicit TLS 465."),
]
Tls: TypeAlias = Annotated[
    str | None, typer.Option("--tls", metavar="MODE", help="starttls, or implicit: from the first byte.")
]
User: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--user", metavar="NAME", callback=not_blank, help="The account; its password is asked for."
    ),
]
PasswordFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="Where the password stands; - is standard input."),
]
PasswordEnv: TypeAlias = Annotated[
    str | None,
    typer.Option("--password-env", metavar="NAME", help="The environment variable that holds it."),
]
Senders: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--sender",
        metavar="ADDRESS",
        callback=none_blank,
        help="Whom it is for: ann@…, or @domain; may be repeated.",
    ),
]
Traits: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--trait", metavar="KEY=VALUE", help="An option of server URLs; may be repeated."),
]

_URL: Final = re.compile(rf"(?:{'|'.join(SCHEMES)}):|[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NO_HOST: Final = re.compile(r"[\s/?#@%]")  # what would be another part of a URL
_PASSWORD_IN_URL: Final = re.compile(r"//[^/@]*:[^/@]+@")


class Entered:
    """The options of a server that is entered, as they were typed."""

    def __init__(
        self,
        *,
        url: str | None,
        host: str | None,
        port: int | None,
        tls: str | None,
        user: str | None,
        password_file: Path | None,
        password_env: str | None,
        traits: Sequence[str] | None,
    ) -> None:
        self.url = url
        self.host = host
        self.port = port
        self.tls = tls
        self.user = user
        self.password_file = password_file
        self.password_env = password_env
        self.traits = tuple(traits or ())

    @property
    def names_a_server(self) -> bool:
        """Whether a server is named, by URL or host."""
        return self.url is not None or self.host is not None

    @property
    def has_password(self) -> bool:
        """Whether it is said where the password comes from."""
        return self.password_file is not None or self.password_env is not None


def is_url(word: str) -> bool:
    """Whether a word is meant as a server URL, be it a wrong one."""
    return _URL.match(word) is not None


def named(words: Sequence[str | None], customer: str | None, most: int = 2) -> tuple[str, list[str]]:
    """Give the customer, named first or by --customer, and the words behind it."""
    rest = [one for one in words if one is not None]
    if customer is None:
        if not rest or is_url(rest[0]):
            raise CommandFailed(
                Exit.USAGE, "no customer is named", advice="Name it first, or with --customer NAME."
            )
        customer = rest.pop(0)
    if len(rest) >= most:
        raise CommandFailed(
            Exit.USAGE, f"{rest[most - 1]}: one word too many", advice="Name the customer, then the server."
        )
    return customer, rest


def person(by: str | None) -> str:
    """Give who does it: the name given, else the operating system's."""
    try:
        name = getpass.getuser() if by is None else by
    except (KeyError, OSError):  # a user without a name
        name = ""
    if not name.strip():
        raise CommandFailed(Exit.USAGE, "nobody is named", advice="Say who does it: --by NAME.")
    return name


def entered_server(entered: Entered, output: Output) -> Server:
    """Give the server that the options describe; warns of a password that stands on the command line."""
    if entered.url is not None and entered.host is not None:
        raise CommandFailed(Exit.USAGE, "a URL and --host are both given", advice="Name the server once.")
    for option, beside in (("--port", entered.port), ("--tls", entered.tls)):
        if entered.url is not None and beside is not None:
            raise CommandFailed(
                Exit.USAGE,
                f"{option} stands beside a URL, which says it itself",
                advice="Write it into the URL, as in smtps://host:465, or give --host instead of the URL.",
            )
    in_url = entered.url is not None and _PASSWORD_IN_URL.search(entered.url) is not None
    if in_url and (entered.user is not None or entered.has_password):
        raise CommandFailed(
            Exit.USAGE, "an account stands in the URL and beside it", advice="Take it out of the URL."
        )
    place = Place("server")
    keys = _traits(entered.traits, place)
    if entered.user is not None:
        keys |= {"user": entered.user, "password": read_password(entered.password_file, entered.password_env)}
    elif entered.has_password:  # the user may stand in the URL
        keys["password"] = read_password(entered.password_file, entered.password_env)
    url = entered.url or _url(entered.host, entered.port, entered.tls)
    server = None if place.problems else server_at(url, place, keys=keys)
    if server is None:
        place.fail()
    if in_url:
        output.warn(
            "a password on the command line can be read by others on this machine and stays in the shell's"
            " history; use --user with --password-file, or wait to be asked"
        )
    return server


def changed_server(old: Server, entered: Entered, output: Output) -> Server:
    """Give ``old`` with what the options change of it."""
    if entered.names_a_server:
        server = entered_server(entered, output)
        if old.credentials is not None and server.credentials is None:
            output.warn(f"the account of {old.name} is not taken over; give --user again")
        if lost := _lost(old, server, entered):
            output.warn(
                f"of {old.name} {', '.join(lost)} {'is' if len(lost) == 1 else 'are'} not taken over;"
                " give --trait again where it holds"
            )
        return server
    place = Place("server")
    changes = _traits(entered.traits, place)
    if place.problems:
        place.fail()
    if entered.user is not None or entered.has_password:
        user = entered.user or (old.credentials.user if old.credentials else "")
        if not user:
            raise CommandFailed(Exit.USAGE, "a password without a user", advice="Give --user as well.")
        changes["credentials"] = Credentials(
            user=user, password=read_password(entered.password_file, entered.password_env)
        )
    if entered.tls is not None or entered.port is not None:
        tls = entered.tls or ("implicit" if old.tls is TlsMode.IMPLICIT else "starttls")
        server = server_at(_url(old.host, entered.port, tls), place) or place.fail()
        changes["port"] = server.port
        if entered.tls is not None:
            changes["tls"] = server.tls
    return replace(old, **changes)


def _lost(old: Server, new: Server, entered: Entered) -> list[str]:
    """Give the traits of one server that another one in its place has not, and nobody named."""
    named = {one.partition("=")[0] for one in entered.traits} | {"pipelining"}  # a preset for all of them
    return [one for one in traits_of(old) if one not in named and one not in traits_of(new)]


def _url(host: str | None, port: int | None, tls: str | None) -> str:
    if host is None:
        raise CommandFailed(
            Exit.USAGE, "no server is named", advice="Give a URL such as smtp://mail.example.com, or --host."
        )
    if tls not in (None, "starttls", "implicit"):
        raise CommandFailed(Exit.USAGE, f"--tls {tls}: unknown", advice="starttls, or implicit.")
    if _NO_HOST.search(host):
        raise CommandFailed(
            Exit.USAGE, f"--host {host}: this is no host", advice="Write it as in mail.example.com."
        )
    scheme = "smtps" if tls == "implicit" else "smtp"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}{f':{port}' if port else ''}"


def _traits(given: Sequence[str], place: Place) -> dict[str, Any]:
    traits = {}
    for one in given:
        name, equals, value = one.partition("=")
        convert = OPTIONS.get(name)
        if convert is None or not equals or name in ("tls", "dangerous"):
            raise CommandFailed(
                Exit.USAGE,
                f"--trait {name}: {'it is written KEY=VALUE' if not equals else 'there is no such trait'}",
                advice=f"Known are: {', '.join(sorted(set(OPTIONS) - {'tls', 'dangerous'}))}.",
            )
        traits[name] = convert(Loose(value), place.key(name))
    return traits
