"""The form in which a customer enters a server of its own: a few fields, and nothing else (M10)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from mailsend.model.internal_network import SUBMISSION_PORTS, InternalNetwork, why_forbidden
from mailsend.model.reading import (
    Converter,
    Loose,
    Place,
    Problem,
    choice,
    kind_of,
    nearest,
    number,
    text,
    whole,
)
from mailsend.model.server import AuthMethod, Credentials, Pipelining, Server, TlsMode
from mailsend.model.server_options import host_name, secret
from mailsend.model.server_presets import traits_for
from mailsend.model.server_trust import authority, pin

__all__ = ["FORM_FIELDS", "check_server_form", "read_server_form"]

_LONGEST: Final = 100_000  # characters of one field; the certificates are the longest
_LONGEST_USER: Final = 320
_LONGEST_PASSWORD: Final = 1000
_DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}
_METHODS: Final = choice(AuthMethod.PLAIN, AuthMethod.LOGIN, AuthMethod.CRAM_MD5)
_ASK: Final = "Leave it out, and ask who runs the application where it is needed."

_TLS_ALWAYS: Final = "TLS is always demanded and always verified"
_READS_FILES: Final = "it names a file of the application's machine"
_OF_THE_MACHINE: Final = "it belongs to the application's machine"
_OF_THE_TRIAL: Final = "the application sets it, by what a trial of the server shows"

# What only the application may say, and why.
_REFUSED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "tls": _TLS_ALWAYS,
        "dangerous": _TLS_ALWAYS,
        "ca_file": _READS_FILES,
        "password_file": _READS_FILES,
        "folder": _READS_FILES,
        "source_address": _OF_THE_MACHINE,
        "local_hostname": _OF_THE_MACHINE,
        "url": "a server is entered field by field",
        "timeout": "how long a mail may wait is the application's affair",
        "dot_timeout": "how long a mail may wait is the application's affair",
        "guarded": "what a customer enters is always looked at",
        "internal_networks": "which internal networks are open to you is the application's affair",
        "internal_servers": "which internal networks are open to you is the application's affair",
        "internal_domains": "which domains stay inside is the application's affair",
        **dict.fromkeys(
            ("signs", "rewrites", "own_message_id", "mail_from", "senders", "pipelining"), _OF_THE_TRIAL
        ),
    }
)


def _scheme(value: Any, place: Place) -> str | None:
    word = value.strip().lower().partition(":")[0] if isinstance(value, str) else ""
    if word in _DEFAULT_PORTS:
        return word
    if word in ("file", "console", "memory"):
        place.refuse(f"{word}: carries mail to no server", "Choose smtp or smtps.")
    else:
        place.refuse("expected smtp or smtps", "smtp asks for STARTTLS (587), smtps is TLS at once (465).")
    return None


def _host(value: Any, place: Place) -> str | None:
    bare = value.strip() if isinstance(value, str) else ""
    inside = bare[1:-1] if bare.startswith("[") and bare.endswith("]") and ":" in bare else bare
    found = host_name(inside)
    if found is None or "%" in found:
        place.refuse("expected the name of a server", "Write the name alone, as in mail.example.com.")
        return None
    return found


def _user(value: Any, place: Place) -> str | None:
    read: str | None = text()(value, place)
    if read is not None and len(read) > _LONGEST_USER:
        place.refuse(f"it is longer than {_LONGEST_USER} characters", "Give the account's user name.")
    return read


def _password(value: Any, place: Place) -> Any:
    if isinstance(value, str) and len(value) > _LONGEST_PASSWORD:
        place.refuse(f"it is longer than {_LONGEST_PASSWORD} characters", "Give the account's password.")
        return None
    return secret(value, place)


def _auth(value: Any, place: Place) -> AuthMethod | None:
    read = _METHODS(value, place)
    return None if read is None else AuthMethod(read)


_rate: Final = number(above=0)

FORM_FIELDS: Final[Mapping[str, Converter]] = MappingProxyType(
    {
        "scheme": _scheme,
        "host": _host,
        "port": whole(least=1, most=65535),
        "user": _user,
        "password": _password,
        "auth": _auth,
        "ca": authority,
        "pin": pin,
        "tls_name": _host,
        "max_connections": whole(least=1, most=50),
        "max_messages": whole(least=1, most=10_000),
        "max_recipients": whole(least=1, most=10_000),
        "max_per_second": _rate,
        "max_per_minute": _rate,
        "max_per_day": _rate,
        "max_recipients_per_day": _rate,
    }
)


def read_server_form(
    data: Mapping[str, Any],
    *,
    allowed_ports: Collection[int] = SUBMISSION_PORTS,
    internal_networks: Sequence[InternalNetwork] = (),
) -> Server:
    """Give the server that a customer entered, guarded: each address is looked at when it is reached.

    ``data`` holds what FORM_FIELDS names, as text or typed; what is empty counts as not entered.
    ``internal_networks`` are those that the application opened to this customer. Raises InvalidSettings
    that tells every field that is wrong, the first one in its own fields, and shows no value.
    """
    place = Place()
    server = _server(data, place, allowed_ports, internal_networks)
    return place.fail() if server is None else server


def check_server_form(
    data: Mapping[str, Any],
    *,
    allowed_ports: Collection[int] = SUBMISSION_PORTS,
    internal_networks: Sequence[InternalNetwork] = (),
) -> tuple[Problem, ...]:
    """Give each thing that is wrong with what was entered: its field, the reason, and what to do."""
    place = Place()
    _server(data, place, allowed_ports, internal_networks)
    return tuple(place.problems)


def _server(
    data: Any, place: Place, allowed_ports: Collection[int], networks: Sequence[InternalNetwork]
) -> Server | None:
    if not isinstance(data, Mapping):
        place.refuse(f"expected a form, not {kind_of(data)}", "Give a table of fields.")
        return None
    entered = _fields(data, place)
    scheme = entered.pop("scheme", "smtp")
    port = entered.pop("port", _DEFAULT_PORTS[scheme])
    host = entered.pop("host", "")
    if not host and not any(one.where == "host" for one in place.problems):
        place.key("host").refuse("it is missing", "Write the server's name, as in mail.example.com.")
    _check_port(scheme, port, allowed_ports, place.key("port"))
    if host:
        _check_host(host, port, networks, place.key("host"))
    credentials = _credentials(entered, place)
    if place.problems:
        return None
    return Server(
        host=host,
        port=port,
        tls=TlsMode.IMPLICIT if scheme == "smtps" else TlsMode.STARTTLS,
        credentials=credentials,
        guarded=True,
        internal_networks=tuple(networks),
        pipelining=Pipelining.WITHIN,
        **traits_for(host, entered),
        **entered,
    )


def _fields(data: Mapping[Any, Any], place: Place) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, value in data.items():
        at = place.key(str(name)[:80])
        convert = FORM_FIELDS.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            continue
        if name in _REFUSED:
            at.refuse(f"it cannot be entered: {_REFUSED[name]}", _ASK)
        elif convert is None:
            meant = nearest(name, FORM_FIELDS) if isinstance(name, str) else None
            at.refuse(
                f"there is no such field{f'; did you mean {meant}?' if meant else ''}",
                f"The fields are: {', '.join(FORM_FIELDS)}.",
            )
        elif isinstance(value, str) and len(value) > _LONGEST:
            at.refuse(f"it is longer than {_LONGEST} characters", "Shorten it.")
        else:
            before = len(place.problems)
            found = convert(Loose(value) if isinstance(value, str) else value, at)
            if len(place.problems) == before:
                read[name] = found
    return read


def _check_port(scheme: str, port: int, allowed: Collection[int], place: Place) -> None:
    usual = ", ".join(str(one) for one in sorted(allowed))
    if port not in allowed:
        place.refuse(f"port {port} is not open to customers' servers", f"Take one of these: {usual}.")
    elif scheme == "smtps" and port in (25, 587):
        place.refuse(f"port {port} begins in the clear", "Choose smtp, which asks for STARTTLS there.")
    elif scheme == "smtp" and port == 465:
        place.refuse("port 465 is TLS from the first byte", "Choose smtps for it.")


def _check_host(host: str, port: int, networks: Sequence[InternalNetwork], place: Place) -> None:
    """Refuse at once what needs no look-up; every other name is looked at when it is reached."""
    numeric = ":" in host or host.rpartition(".")[2].isdecimal()
    literal = "127.0.0.1" if host == "localhost" or host.endswith(".localhost") else host
    what = why_forbidden(literal, port, networks) if numeric or literal != host else ""
    if what:
        place.refuse(
            f"{host} is {what}",
            "Write the server's public name; who runs the application can open an internal network.",
        )


def _credentials(entered: dict[str, Any], place: Place) -> Credentials | None:
    user, password = entered.pop("user", None), entered.pop("password", None)
    wrong = {one.where for one in place.problems}
    if (user is None) != (password is None) and not wrong & {"user", "password"}:
        missing = "user" if user is None else "password"
        place.key(missing).refuse("it is missing", "User and password belong together: give both, or none.")
    if user is None and "auth" in entered and not wrong & {"user", "password"}:
        place.key("auth").refuse(
            "there is no account to log in with", "Give user and password, or leave it out."
        )
    if user is None or password is None:
        return None
    return Credentials(user=user, password=password)
