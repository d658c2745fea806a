"""A token provider that never answers is not waited for by everybody who comes later."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta

import pytest

from mailsend.model.secret import Secret
from mailsend.model.tokens import AccessToken, TokenNotGiven
from mailsend.transport.tokens import TokenCache

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def test_a_provider_that_hangs_is_asked_anew_after_five_minutes():
    """Before that nobody else asks it; what the first one gives after all is no harm."""
    now, asked, go = [NOON], [], threading.Event()

    def provider():
        asked.append(now[0])
        if len(asked) == 1:
            go.wait(10)
        return AccessToken(value=Secret(f"token-{len(asked)}"), expires_at=NOON + timedelta(hours=1))

    async def log_ins():
        cache = TokenCache(provider, now=lambda: now[0])
        for _ in range(2):
            with pytest.raises(TokenNotGiven, match="no token in time"):
                await cache.get(seconds=0.01)
        now[0] += timedelta(minutes=5)
        return (await cache.get(seconds=5)).value.reveal()

    try:
        assert asyncio.run(log_ins()) == "token-2"
    finally:
        go.set()
    assert asked == [NOON, NOON + timedelta(minutes=5)]
