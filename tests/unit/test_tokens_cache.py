"""Access tokens are kept, renewed in time, and asked for by one at a time; nothing here opens a socket."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from mailsend.errors import InvalidSettings
from mailsend.model.secret import Secret
from mailsend.model.tokens import AccessToken, NamedProvider, TokenNotGiven
from mailsend.transport.tokens import TokenCache, check_source, forget_tokens, provider_of, tokens_of
from mailsend.transport.tokens import cached as cached_module

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def in_a_loop(test):
    """Run an async test on an event loop of its own."""

    @functools.wraps(test)
    def run(*args, **facts):
        asyncio.run(test(*args, **facts))

    return run


@pytest.fixture(autouse=True)
def no_token_is_remembered():
    """Each test begins without tokens."""
    forget_tokens()


class Clock:
    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now

    def forward(self, **much):
        self.now += timedelta(**much)


class Provider:
    """Gives token-1, token-2 … with a given life, and remembers how many asked at once."""

    def __init__(self, clock, life=HOUR):
        self.clock = clock
        self.life = life
        self.asked = 0
        self.problem = None

    def __call__(self):
        self.asked += 1
        if self.problem is not None:
            raise self.problem
        expires = None if self.life is None else self.clock.now + self.life
        return AccessToken(value=Secret(f"token-{self.asked}"), expires_at=expires)


def made(life=HOUR):
    clock = Clock()
    provider = Provider(clock, life)
    return TokenCache(provider, now=clock), provider, clock


def text_of(token):
    return None if token is None else token.value.reveal()


async def got(cache, seconds=5.0):
    return text_of(await cache.get(seconds=seconds))


@in_a_loop
async def test_a_token_is_asked_for_once_and_again_five_minutes_before_its_end():
    """Until then nobody is asked; at 55 of 60 minutes another one is."""
    cache, provider, clock = made()
    assert [await got(cache), await got(cache)] == ["token-1", "token-1"]
    clock.forward(minutes=54, seconds=59)
    assert await got(cache) == "token-1"
    clock.forward(seconds=1)
    assert await got(cache) == "token-2"
    assert provider.asked == 2


@in_a_loop
async def test_a_short_life_is_renewed_at_its_half():
    """A token of one minute serves for half of it."""
    cache, _, clock = made(timedelta(minutes=1))
    assert await got(cache) == "token-1"
    clock.forward(seconds=29)
    assert await got(cache) == "token-1"
    clock.forward(seconds=1)
    assert await got(cache) == "token-2"


@in_a_loop
async def test_a_token_of_unknown_life_is_asked_for_each_time():
    """Only its provider knows whether it still is one."""
    cache, _, _ = made(None)
    assert [await got(cache), await got(cache)] == ["token-1", "token-2"]


@in_a_loop
async def test_while_no_other_can_be_had_the_old_one_serves_to_its_end():
    """A provider that fails in the last minutes fails nobody; after the end it does."""
    cache, provider, clock = made()
    await got(cache)
    provider.problem = OSError("down")
    clock.forward(minutes=58)
    assert await got(cache) == "token-1"
    clock.forward(minutes=2)
    with pytest.raises(TokenNotGiven):
        await got(cache)


@in_a_loop
async def test_a_refused_token_is_replaced_once_until_a_log_in_has_passed():
    """The second refusal in a row asks nobody, and the one after begins anew."""
    cache, provider, _ = made()
    first = await cache.get(seconds=5)
    second = await cache.get_instead(first, seconds=5)
    assert text_of(second) == "token-2"
    assert await cache.get_instead(second, seconds=5) is None
    assert provider.asked == 2
    third = await cache.get(seconds=5)
    assert text_of(third) == "token-3"
    cache.proved()
    fourth = await cache.get_instead(third, seconds=5)
    assert text_of(fourth) == "token-4"
    cache.proved()
    assert text_of(await cache.get_instead(fourth, seconds=5)) == "token-5"


@in_a_loop
async def test_who_is_refused_late_gets_what_another_was_given():
    """Two connections with the same refused token ask once together."""
    cache, provider, _ = made()
    old = await cache.get(seconds=5)
    new = await asyncio.gather(*(cache.get_instead(old, seconds=5) for _ in range(5)))
    assert {text_of(one) for one in new} == {"token-2"}
    assert text_of(await cache.get_instead(old, seconds=5)) == "token-2"
    assert provider.asked == 2


@in_a_loop
async def test_the_same_token_again_is_no_other():
    """A provider that gives one constant token is not tried twice with it."""
    token = AccessToken(value=Secret("constant"), expires_at=NOON + HOUR)
    cache = TokenCache(lambda: token, now=Clock())
    assert await cache.get_instead(await cache.get(seconds=5), seconds=5) is None


@in_a_loop
async def test_a_token_that_was_refused_though_new_is_forgotten():
    """The next log-in asks for another, and that one may be renewed again."""
    cache, provider, _ = made()
    new = await cache.get_instead(await cache.get(seconds=5), seconds=5)
    cache.refused(new)
    assert await got(cache) == "token-3"
    cache.refused(new)
    assert await got(cache) == "token-3"
    assert provider.asked == 3


@pytest.mark.parametrize("kind", ["plain", "async", "plain that gives a coroutine", "object with async call"])
@in_a_loop
async def test_many_that_ask_at_once_ask_once(kind):
    """Fifty tasks make one call, whether the provider is a function or a coroutine function."""
    calls, go = [], threading.Event()

    def plain():
        calls.append(threading.current_thread().name)
        go.wait(5)
        return AccessToken(value=Secret("one"), expires_at=NOON + HOUR)

    async def waits():
        calls.append(threading.current_thread().name)
        await asyncio.to_thread(go.wait, 5)
        return AccessToken(value=Secret("one"), expires_at=NOON + HOUR)

    class Called:
        async def __call__(self):
            return await waits()

    provider = {
        "plain": plain,
        "async": waits,
        "plain that gives a coroutine": functools.partial(lambda given: given(), waits),
        "object with async call": Called(),
    }[kind]
    cache = TokenCache(provider, now=Clock())
    asking = [asyncio.create_task(got(cache)) for _ in range(50)]
    await asyncio.sleep(0.02)
    go.set()
    assert set(await asyncio.gather(*asking)) == {"one"}
    assert calls == ["mailsend-token" if kind == "plain" else threading.current_thread().name]


def test_many_threads_with_loops_of_their_own_ask_once():
    """Eight event loops in eight threads wait for one call."""
    calls, barrier = [], threading.Barrier(8)

    def plain():
        calls.append(1)
        threading.Event().wait(0.05)
        return AccessToken(value=Secret("one"), expires_at=NOON + HOUR)

    cache = TokenCache(plain, now=Clock())

    def ask(_):
        barrier.wait()
        return asyncio.run(got(cache))

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"one"}
    assert calls == [1]


@in_a_loop
async def test_who_stops_waiting_ends_it_for_nobody_else():
    """A cancelled task and one whose time is up leave the call to those who still wait."""
    go = threading.Event()

    def plain():
        go.wait(5)
        return AccessToken(value=Secret("one"), expires_at=NOON + HOUR)

    cache = TokenCache(plain, now=Clock())
    cancelled = asyncio.create_task(got(cache))
    waits = asyncio.create_task(got(cache))
    with pytest.raises(TokenNotGiven, match="no token in time"):
        await got(cache, 0.01)
    cancelled.cancel()
    await asyncio.wait({cancelled})
    assert cancelled.cancelled()
    go.set()
    assert await waits == "one"


def test_a_call_whose_loop_is_gone_is_made_again():
    """An async provider that was asked on a loop that ended is asked anew on the next."""
    asked = []

    async def waits():
        asked.append(1)
        await asyncio.sleep(30 if len(asked) == 1 else 0)
        return AccessToken(value=Secret(f"token-{len(asked)}"), expires_at=NOON + HOUR)

    cache = TokenCache(waits, now=Clock())
    loop = asyncio.new_event_loop()
    with pytest.raises(TokenNotGiven):
        loop.run_until_complete(got(cache, 0.01))
    left = asyncio.all_tasks(loop)
    assert len(left) == 1
    loop.close()
    assert asyncio.run(got(cache)) == "token-2"
    logging.getLogger("asyncio").disabled = True  # it tells of the task that we left behind on purpose
    try:
        for one in left:
            one._log_destroy_pending = False
            one.get_coro().close()
    finally:
        logging.getLogger("asyncio").disabled = False


def test_a_call_that_its_loop_cancels_fails_for_now():
    """asyncio.run cancels what is left when it ends; the next loop asks again."""
    asked = []

    async def waits():
        asked.append(1)
        await asyncio.sleep(30 if len(asked) == 1 else 0)
        return AccessToken(value=Secret("late"), expires_at=NOON + HOUR)

    cache = TokenCache(waits, now=Clock())
    with pytest.raises(TokenNotGiven):
        asyncio.run(got(cache, 0.01))
    assert asyncio.run(got(cache)) == "late"


class OwnError(Exception):
    pass


@pytest.mark.parametrize(
    ("problem", "why", "lasting"),
    [
        (OSError("secret-in-text"), "OSError at test_tokens_cache.py:", False),
        (OwnError("secret-in-text"), "OwnError at test_tokens_cache.py:", False),
        (SystemExit("secret-in-text"), "SystemExit at test_tokens_cache.py:", False),
        (TokenNotGiven("the clerk is asleep"), "the clerk is asleep", False),
        (TokenNotGiven("no such application", lasting=True), "no such application", True),
        (InvalidSettings("token", "it is wrong"), "token: it is wrong", True),
    ],
)
@in_a_loop
async def test_what_a_provider_raises_is_told_by_its_kind_and_place(problem, why, lasting, caplog):
    """The text of a foreign error might hold a secret, so neither it nor the log tells it."""
    cache, provider, _ = made()
    provider.problem = problem
    with pytest.raises(TokenNotGiven) as told:
        await got(cache)
    assert told.value.why.startswith(why)
    assert told.value.lasting is lasting
    assert "secret-in-text" not in f"{told.value!r}{caplog.text}"
    provider.problem = None
    assert await got(cache) == "token-2"


@in_a_loop
async def test_what_is_no_token_is_told_by_its_kind():
    """A provider that gives plain text is wrong for good, and the text is not told."""
    for provider in (lambda: "secret", functools.partial(_coroutine, "secret")):
        with pytest.raises(TokenNotGiven) as told:
            await got(TokenCache(provider))
        assert (told.value.why, told.value.lasting) == ("the provider gave str, not AccessToken", True)


async def _coroutine(value):
    return value


@in_a_loop
async def test_without_a_thread_left_there_is_no_token(monkeypatch):
    """A machine that starts no more threads fails this for now, and the next asks again."""
    cache, _, _ = made()

    def no_more(self):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as limited:
        limited.setattr(threading.Thread, "start", no_more)
        with pytest.raises(TokenNotGiven, match="RuntimeError"):
            await got(cache)
    assert await got(cache) == "token-1"


def test_equal_sources_share_a_cache_and_old_ones_are_forgotten(monkeypatch):
    """The cache belongs to the value; beyond the limit the one unused for longest goes."""
    one, same, other = (NamedProvider(call=name) for name in ("a:b", "a:b", "c:d"))
    first = tokens_of(one)
    assert tokens_of(same) is first
    assert tokens_of(other) is not first
    monkeypatch.setattr(cached_module, "_MOST", 2)
    tokens_of(one)
    tokens_of(NamedProvider(call="e:f"))
    assert tokens_of(one) is first
    assert tokens_of(other) is not first
    forget_tokens()
    assert tokens_of(one) is not first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_begins_without_its_parents_tokens():
    """A fetch that a thread of the parent had under way is not waited for."""
    cache = tokens_of(NamedProvider(call="a:b"))
    child = os.fork()
    if not child:
        os._exit(0 if tokens_of(NamedProvider(call="a:b")) is not cache else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert tokens_of(NamedProvider(call="a:b")) is cache


def test_a_named_provider_is_imported_when_it_is_asked(tmp_path, monkeypatch):
    """The dotted path is written with a colon or a dot; a wrong one names where it stands."""
    (tmp_path / "shop_of_tokens.py").write_text(
        "from mailsend.transport.tokens import AccessToken\n"
        "def token():\n    return AccessToken(value='named')\n"
        "word = 'x'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for call in ("shop_of_tokens:token", "shop_of_tokens.token"):
        check_source(NamedProvider(call=call), where="here")
        assert provider_of(NamedProvider(call=call))() == AccessToken(value=Secret("named"))
    for call, why in (
        ("shop_of_tokens:word", "'shop_of_tokens:word' is not callable"),
        ("no_such_shop:token", "'no_such_shop:token' cannot be imported (ModuleNotFoundError)"),
        ("shop_of_tokens:nobody", "'shop_of_tokens:nobody' cannot be imported (AttributeError)"),
    ):
        with pytest.raises(InvalidSettings) as refused:
            check_source(NamedProvider(call=call), where="here")
        assert (refused.value.where, refused.value.why) == ("here", why)


def test_a_function_is_its_own_provider():
    """What code hands in is used as it is, and there is nothing to look at beforehand."""

    def provider():
        return AccessToken(value=Secret("x"))

    check_source(provider, where="here")
    assert provider_of(provider) is provider
