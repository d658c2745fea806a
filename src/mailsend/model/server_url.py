"""Server URLs: ``smtp://user:password@host:587?timeout=30`` read into a Server.

Nothing that stands in a URL is shown in an error: where a password holds a character that should
have been percent-encoded, any part of the URL may be a piece of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from mailsend.model.reading import Loose, Place, nearest
from mailsend.model.server import Credentials, Server, ServerKind, TlsMode
from mailsend.model.server_account import account
from mailsend.model.server_options import OPTIONS, TRAITS, host_name
from mailsend.model.server_presets import traits_for

__all__ = ["SCHEMES", "read_server_url", "server_at"]

SCHEMES: Final = ("smtp", "smtps", "submission", "console", "file", "memory")
_DEFAULT_PORTS: Final = {"smtp": 587, "submission": 587, "smtps": 465}
_LONGEST: Final = 4096

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(?://(?P<authority>[^/?#]*))?(?P<path>[^?#]*)"
    r"(?:\?(?P<query>[^#]*))?(?P<fragment>\#.*)?\Z"
)
_HOST_AND_PORT = re.compile(r"(?:\[(?P<literal>[^\[\]]*)\]|(?P<host>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?\Z")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_OPTION_NAME = re.compile(r"[a-z_]{1,40}\Z")

_ENCODE = (
    "Percent-encode what is special in user and password: "
    "%40 for @, %3A for :, %2F for /, %3F for ?, %23 for #, %25 for %."
)
_SHAPE = (
    "Write it as smtp://user:password@host:587, smtps://host, submission://host, "
    "file:///folder, console: or memory:."
)


@dataclass(frozen=True, slots=True)
class _Parts:
    """A URL taken apart; everything here may hold a secret."""

    scheme: str
    authority: str
    path: str
    query: str


def read_server_url(url: str) -> Server:
    """Give the Server that ``url`` means.

    ``smtp://`` asks for STARTTLS (port 587), ``smtps://`` for TLS from the first byte (465),
    ``submission://`` is ``smtp://`` on 587; ``console:``, ``file:///folder`` and ``memory:`` carry
    mail nowhere. User and password are percent-encoded. Query options are the server's traits and
    how it is reached. Raises InvalidSettings that shows nothing of the URL (RFC 3986, 3.2.1).
    """
    place = Place("server URL")
    server = server_at(url, place)
    return place.fail() if server is None else server


def server_at(url: Any, place: Place, *, keys: Mapping[str, Any] = MappingProxyType({})) -> Server | None:
    """Read ``url`` at ``place``, with the typed options that stand beside it as ``keys``.

    ``keys`` may hold ``user``, ``password`` and ``token`` too. Gives None where something is wrong.
    """
    before = len(place.problems)
    parts = _parts(url, place)
    if parts is None:
        return None
    options = _options(parts.query, place)
    for name, value in keys.items():
        if name in options:
            place.refuse(f"{name} stands both in the URL and beside it", "Write it once.")
        options[name] = value
    if len(place.problems) > before:
        return None
    if parts.scheme not in _DEFAULT_PORTS:
        return _without_network(parts, options, place)
    return _smtp(parts, options, place)


def _parts(url: Any, place: Place) -> _Parts | None:
    if not isinstance(url, str):
        place.refuse("expected a server URL as text", _SHAPE)
        return None
    found = _URL.match(url) if len(url) <= _LONGEST and re.fullmatch(r"[\x21-\U0010ffff]+", url) else None
    if found is None:
        place.refuse("this is not a server URL", _SHAPE)
        return None
    scheme = found["scheme"].lower()
    if scheme not in SCHEMES:
        meant = nearest(scheme, dict.fromkeys(SCHEMES))
        place.refuse(f"unknown scheme{f'; did you mean {meant}?' if meant else ''}", _SHAPE)
        return None
    if found["fragment"]:
        place.refuse("a server URL has no part after a '#'", _ENCODE)
        return None
    return _Parts(scheme, found["authority"] or "", found["path"], found["query"] or "")


def _options(query: str, place: Place) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for piece in filter(None, query.split("&")):
        name, _, written = piece.partition("=")
        convert = OPTIONS.get(name)
        if convert is None:
            meant = nearest(name, OPTIONS)
            shown = f" {name}; did you mean {meant}?" if meant and _OPTION_NAME.match(name) else ""
            place.refuse(f"unknown option{shown}", f"Known are: {', '.join(sorted(OPTIONS))}.")
            continue
        value = _decoded(written)
        if value is None:
            place.refuse(f"the option {name} is not well percent-encoded", _ENCODE)
        elif name in options:
            place.refuse(f"the option {name} is given twice", "Write it once.")
        else:
            options[name] = convert(Loose(value), place.key(name))
    return options


def _without_network(parts: _Parts, options: Mapping[str, Any], place: Place) -> Server | None:
    misplaced = [name for name in options if name not in TRAITS]
    if misplaced:
        place.refuse(f"{misplaced[0]} means nothing for {parts.scheme}:", "Leave it out.")
        return None
    folder = _decoded(parts.path)
    if parts.scheme != "file":
        if parts.authority or parts.path:
            place.refuse(f"nothing can follow {parts.scheme}:", f"Write {parts.scheme}: alone.")
            return None
    elif parts.authority or not folder or "\x00" in folder:
        place.refuse("a folder is missing", "Write file:///folder with three slashes.")
        return None
    return Server(kind=ServerKind(parts.scheme), folder=folder or "", tls=TlsMode.DANGEROUS_NONE, **options)


def _smtp(parts: _Parts, options: dict[str, Any], place: Place) -> Server | None:
    if parts.path.strip("/"):
        place.refuse("nothing can stand between the port and the options", _ENCODE)
        return None
    user_info, _, where = parts.authority.rpartition("@")
    found = _HOST_AND_PORT.match(where)
    host = _host(found) if found else None
    if found is None or host is None:
        place.refuse("host and port cannot be read", f"{_SHAPE} {_ENCODE}")
        return None
    port = int(found["port"] or _DEFAULT_PORTS[parts.scheme])
    if not 1 <= port <= 65535:
        place.refuse("the port is not between 1 and 65535", "Leave it out for the usual one.")
        return None
    before = len(place.problems)
    credentials = _credentials(user_info, options, place)
    server = Server(
        host=host, port=port, tls=TlsMode.IMPLICIT if parts.scheme == "smtps" else TlsMode.STARTTLS
    )
    tls = _tls(parts.scheme, server, options, place)
    if len(place.problems) > before:
        return None
    preset = traits_for(host, options)
    return Server(host=host, port=port, tls=tls, credentials=credentials, **preset, **options)


def _host(found: re.Match[str]) -> str | None:
    literal = found["literal"]
    if literal is None:
        return host_name(_decoded(found["host"]) or "")
    host = host_name(literal)
    return host if host is not None and ":" in host else None


def _credentials(user_info: str, options: dict[str, Any], place: Place) -> Credentials | None:
    user, colon, written = user_info.partition(":")
    name, password = _decoded(user), _decoded(written)
    if name is None or password is None or re.search(r"[\x00\r\n]", name + password):
        place.refuse("user or password is not well percent-encoded", _ENCODE)
        return None
    if (user and "user" in options) or (colon and "password" in options):
        place.refuse("user or password stands both in the URL and beside it", "Write it once.")
        return None
    return account(name, password, options, place)


def _tls(scheme: str, server: Server, options: dict[str, Any], place: Place) -> TlsMode:
    asked: TlsMode = options.pop("tls", server.tls)
    dangerous = options.pop("dangerous", False) or server.is_loopback
    if scheme == "smtps" and server.port in (25, 587):
        place.refuse(
            f"smtps:// is TLS from the first byte, and port {server.port} begins in the clear",
            f"Write smtp:// with port {server.port}, which asks for STARTTLS, or smtps:// with port 465.",
        )
    if scheme == "submission" and server.port != 587:
        place.refuse("submission:// is port 587", "Write smtp:// for another port.")
    if scheme == "smtp" and server.port == 465:
        place.refuse("port 465 is TLS from the first byte", "Write smtps:// for it.")
    if TlsMode.IMPLICIT in (asked, server.tls) and asked is not server.tls:
        place.refuse(f"tls={asked} does not go with {scheme}://", "Leave it out.")
    if asked in (TlsMode.DANGEROUS_OPPORTUNISTIC, TlsMode.DANGEROUS_NONE) and not dangerous:
        place.refuse(
            f"tls={asked} lets others read the mail on its way",
            "Leave it out, or add &dangerous=true to say that you know.",
        )
    for proof in ("ca", "ca_file", "pin"):
        if proof in options and asked is TlsMode.DANGEROUS_NONE:
            place.refuse(f"{proof} is given, and tls=none proves nothing", "Leave one of the two out.")
    if "pin" in options and asked is TlsMode.DANGEROUS_OPPORTUNISTIC:
        place.refuse("pin is given, and tls=opportunistic does without TLS", "Leave one of the two out.")
    if "ca" in options and "ca_file" in options:
        place.refuse("ca and ca_file are both given", "Write one of the two.")
    return asked


def _decoded(written: str) -> str | None:
    if _BAD_PERCENT.search(written):
        return None
    try:
        return unquote_to_bytes(written).decode()
    except UnicodeError:
        return None
