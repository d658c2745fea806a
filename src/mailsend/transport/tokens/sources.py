"""From what settings say to a function that gives tokens; heavy libraries load with the first token."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Awaitable, Callable
from typing import cast

from mailsend.errors import InvalidSettings, MissingExtra
from mailsend.model.tokens import (
    AccessToken,
    GoogleServiceAccount,
    Microsoft365,
    NamedProvider,
    TokenProvider,
    TokenSource,
)

__all__ = ["check_source", "provider_of", "require_extra"]

_EXTRA = "oauth"


def provider_of(source: TokenProvider | TokenSource) -> TokenProvider:
    """Give the function behind a source of tokens; it raises TokenNotGiven, MissingExtra, InvalidSettings."""
    match source:
        case Microsoft365():
            return lambda: _from_microsoft(source)
        case GoogleServiceAccount():
            return lambda: _from_google(source)
        case NamedProvider():
            return lambda: _from_named(source)
        case _:
            return source


def check_source(source: TokenProvider | TokenSource, *, where: str) -> None:
    """Look whether a source can be asked: its libraries are there, its function can be imported.

    Nothing is asked of the network. Raises MissingExtra, and InvalidSettings that names ``where``.
    """
    match source:
        case Microsoft365():
            require_extra("msal", needed_for="logging in to Microsoft 365")
        case GoogleServiceAccount():
            require_extra("google.auth", needed_for="logging in to Google")
        case NamedProvider():
            _named(source, where)
        case _:
            pass


def require_extra(module: str, *, needed_for: str) -> None:
    """Raise MissingExtra where a library of the extra is not installed."""
    try:
        found = importlib.util.find_spec(module) and importlib.util.find_spec("requests")
    except ModuleNotFoundError:  # the package around it is missing
        found = None
    if found is None:
        raise MissingExtra(_EXTRA, needed_for=needed_for)


def _from_microsoft(source: Microsoft365) -> AccessToken:
    require_extra("msal", needed_for="logging in to Microsoft 365")
    from mailsend.transport.tokens.microsoft import ask

    return ask(source)


def _from_google(source: GoogleServiceAccount) -> AccessToken:
    require_extra("google.auth", needed_for="logging in to Google")
    from mailsend.transport.tokens.google import ask

    return ask(source)


def _from_named(source: NamedProvider) -> AccessToken | Awaitable[AccessToken]:
    return _named(source, "token.call")()


def _named(source: NamedProvider, where: str) -> Callable[[], AccessToken | Awaitable[AccessToken]]:
    module, _, name = source.call.rpartition(":" if ":" in source.call else ".")
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as problem:  # a module may raise anything when it is imported
        raise InvalidSettings(
            where,
            f"{source.call!r} cannot be imported ({type(problem).__name__})",
            advice="Name a function by its dotted path, as in 'shop.mail:token'.",
        ) from problem
    if not callable(found):
        raise InvalidSettings(
            where, f"{source.call!r} is not callable", advice="Name a function, not a module or a value."
        )
    return cast("Callable[[], AccessToken | Awaitable[AccessToken]]", found)
