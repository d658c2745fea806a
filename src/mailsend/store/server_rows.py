"""A customer's server as a row of the store, and back; passwords go through the vault alone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from mailsend.errors import StoreError
from mailsend.model.address import DomainPattern
from mailsend.model.frozen import FrozenDict
from mailsend.model.secret import Secret
from mailsend.model.server import (
    AuthMethod,
    Credentials,
    Pipelining,
    Server,
    ServerKind,
    ServerState,
    TlsMode,
)
from mailsend.model.server_record import ServerStep
from mailsend.store.times import moment, time_of

__all__ = [
    "ServerRow",
    "account_in",
    "account_of",
    "definition_of",
    "findings_in",
    "server_in",
    "steps_in",
    "steps_of",
    "strings_in",
    "written",
]

_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "kind": ServerKind,
    "tls": TlsMode,
    "auth": AuthMethod,
    "pipelining": Pipelining,
}
_DEFAULTS: Final = Server()
# The account goes into the vault; which internal networks are open is said by the rules of the day.
_ELSEWHERE: Final = ("credentials", "internal_networks")
_INSTEAD: Final = "Name the server in the settings, or let the Directory give it."


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerRow:
    """One row of the table of servers, as it is written."""

    id: int = 0
    customer: str
    name: str
    position: int
    definition: str | None
    sealed: str | None
    senders: str
    state: ServerState
    fingerprint: str
    account: str
    steps: str
    findings: str


def definition_of(server: Server) -> str:
    """Give all of a server but its account, as JSON; what has its default value is left out.

    Raises StoreError for a value of a kind that a row cannot hold.
    """
    kept = {}
    for field in fields(Server):
        value: Any = getattr(server, field.name)
        if field.name in _ELSEWHERE or value == getattr(_DEFAULTS, field.name):
            continue
        if field.name == "internal_domains":
            value = [str(one) for one in value]
        elif not isinstance(value, (str, int, float, tuple)):
            raise StoreError(f"{field.name} of a server cannot be kept in a store", advice=_INSTEAD)
        kept[field.name] = value
    return written(kept, "a server")


def server_in(definition: str, credentials: Credentials | None, name: str) -> Server:
    """Give the server that a row holds; raises StoreError for what this version does not know."""
    read: dict[str, Any] = json.loads(definition)
    unknown = read.keys() - {one.name for one in fields(Server)}
    if unknown:
        raise StoreError(
            f"the server {name} was kept by a newer mailsend: {', '.join(sorted(unknown))} is not known here",
            advice="Use one version of mailsend for one store.",
        )
    for key, value in read.items():
        if key in _ENUMS:
            read[key] = _ENUMS[key](value)
        elif key == "internal_domains":
            read[key] = tuple(DomainPattern.parse(one) for one in value)
        else:
            read[key] = _tuples(value)
    server = Server(**read, credentials=credentials)
    # Two accounts at one server have two names, and reports shall tell them apart.
    return server if server.name == name else replace(server, label=name)


def account_of(credentials: Credentials) -> Secret:
    """Give user and password in one: some users are tokens. Raises StoreError for a token provider."""
    if credentials.token_provider is not None:
        raise StoreError("where access tokens come from cannot be kept in a store", advice=_INSTEAD)
    return Secret(written([credentials.user, credentials.password.reveal()], "an account"))


def account_in(account: Secret) -> Credentials:
    """Give the account that ``account_of`` wrote."""
    user, password = json.loads(account.reveal())
    return Credentials(user=user, password=Secret(password))


def steps_of(*steps: ServerStep) -> str:
    """Give steps as JSON."""
    kept = [{"state": one.state, "at": moment(one.at), "by": one.by, "note": one.note} for one in steps]
    return written(kept, "a step")


def steps_in(kept: str) -> tuple[ServerStep, ...]:
    """Give the steps that ``steps_of`` wrote."""
    return tuple(
        ServerStep(state=ServerState(one["state"]), at=time_of(one["at"]), by=one["by"], note=one["note"])
        for one in json.loads(kept)
    )


def strings_in(kept: str) -> tuple[str, ...]:
    """Give a list of texts."""
    return tuple(json.loads(kept))


def findings_in(kept: str) -> Mapping[str, Any]:
    """Give findings as they were given, each mapping frozen."""
    found: Mapping[str, Any] = json.loads(kept, object_hook=FrozenDict)
    return found


def written(value: Any, what: str) -> str:
    """Give JSON in ASCII, which every database keeps as it is; raises StoreError for what is none."""
    try:
        return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        pass  # the error may hold the value
    raise StoreError(f"{what} cannot be written as JSON", advice="Give texts, numbers, lists and mappings.")


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
