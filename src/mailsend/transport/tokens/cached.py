"""The tokens of this process, one at a time for each source: kept, asked for in time, never asked twice at once."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from mailsend.model.tokens import AccessToken, TokenNotGiven, TokenProvider, TokenSource
from mailsend.transport.clock import utc_now
from mailsend.transport.tokens.flight import Flight
from mailsend.transport.tokens.sources import provider_of

__all__ = ["TokenCache", "forget_tokens", "tokens_of"]

_EARLY: Final = timedelta(minutes=5)
_OVERDUE: Final = timedelta(minutes=5)  # so long one answer is waited for before it is asked for anew
_MOST: Final = 10_000  # sources; the one that was used longest ago is forgotten first


class TokenCache:
    """Keeps the token of one provider. Any thread and any event loop may ask.

    Another is asked for 5 minutes before the token expires, or at half of its life where that is
    shorter; while none can be had, the old one serves until its end.
    """

    def __init__(self, provider: TokenProvider, *, now: Callable[[], datetime] = utc_now) -> None:
        self._provider = provider
        self._now = now
        self._lock = threading.Lock()
        self._token: AccessToken | None = None
        self._renew_at: datetime | None = None
        self._flight: Flight | None = None
        self._asked_at: datetime | None = None
        self._renewed = False  # after a refusal, and not yet proved by a log-in

    async def get(self, *, seconds: float) -> AccessToken:
        """Give a token, within ``seconds``. Raises TokenNotGiven."""
        with self._lock:
            known = self._token
            if known is not None and self._renew_at is not None and self._now() < self._renew_at:
                return known
        try:
            return await self._fetched(seconds)
        except TokenNotGiven:
            if known is not None and known.expires_at is not None and self._now() < known.expires_at:
                return known
            raise

    async def get_instead(self, refused: AccessToken, *, seconds: float) -> AccessToken | None:
        """Give another token than one that a server refused; ``None`` where there is no other.

        That is so where the provider gives the same again, and where the refused one came from here
        and no server has taken it yet. Raises TokenNotGiven.
        """
        with self._lock:
            if self._token == refused:
                self._token = None
                if self._renewed:
                    self._renewed = False
                    return None
            elif self._token is not None:  # another log-in was refused too, and was faster
                return self._token
        token = await self._fetched(seconds)
        with self._lock:
            self._renewed = token.value != refused.value
            if not self._renewed:
                self._token = None
        return token if token.value != refused.value else None

    def proved(self) -> None:
        """Take note of a log-in that succeeded."""
        with self._lock:
            self._renewed = False

    def refused(self, token: AccessToken) -> None:
        """Forget a token that was refused though it was new."""
        with self._lock:
            self._renewed = False
            if self._token == token:
                self._token = None

    async def _fetched(self, seconds: float) -> AccessToken:
        """Wait for the fetch that is under way, or begin one."""
        loop = asyncio.get_running_loop()
        with self._lock:
            flight = self._flight
            if flight is None or flight.is_lost or self._is_overdue():
                flight = self._flight = Flight(loop)
                self._asked_at = self._now()
                begins = True
            else:
                begins = False
        if begins:
            flight.begin(self._provider, self._landed)
        return await flight.wait(seconds)

    def _landed(self, flight: Flight, came: AccessToken | TokenNotGiven) -> None:
        with self._lock:
            if self._flight is flight:
                self._flight = None
            if isinstance(came, AccessToken):
                self._token, self._renew_at = came, self._early(came)

    def _is_overdue(self) -> bool:
        """Whether the provider hangs: it must not keep every later log-in waiting for ever."""
        return self._asked_at is not None and self._now() - self._asked_at >= _OVERDUE

    def _early(self, token: AccessToken) -> datetime | None:
        if token.expires_at is None:
            return None
        life = token.expires_at - self._now()
        return token.expires_at - min(_EARLY, life / 2)


class _Caches:
    """The caches of this process, by their sources."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._lock = threading.Lock()  # anew: another thread may have held it at a fork
        self._caches: OrderedDict[TokenProvider | TokenSource, TokenCache] = OrderedDict()

    def of(self, source: TokenProvider | TokenSource) -> TokenCache:
        with self._lock:
            found = self._caches.setdefault(source, TokenCache(provider_of(source)))
            self._caches.move_to_end(source)
            if len(self._caches) > _MOST:
                self._caches.popitem(last=False)
            return found


_caches: Final = _Caches()


def tokens_of(source: TokenProvider | TokenSource) -> TokenCache:
    """Give the one cache that this process has for a source; equal sources share it."""
    return _caches.of(source)


def forget_tokens() -> None:
    """Forget every token: for tests, and in a process that was forked."""
    _caches.forget()


if hasattr(os, "register_at_fork"):  # Windows has no fork
    os.register_at_fork(after_in_child=forget_tokens)
