"""One fetch of a token that many may wait for, whichever threads and event loops they live on."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import traceback
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import PurePath
from typing import Any, cast

from mailsend.errors import MailsendError
from mailsend.model.tokens import AccessToken, TokenNotGiven, TokenProvider

__all__ = ["Flight"]

_log = logging.getLogger("mailsend.transport")

Came = AccessToken | TokenNotGiven


class Flight:
    """A provider that has been asked and has not answered yet.

    A plain function runs in a thread of its own, an ``async`` one on the loop of who asked first.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._needs_loop = False
        self._task: asyncio.Task[AccessToken] | None = None  # a loop holds its tasks weakly
        self._came: Future[Came] = Future()
        self._came.set_running_or_notify_cancel()  # nobody who stops waiting ends it for the others

    @property
    def is_lost(self) -> bool:
        """Whether nothing will ever come, since the loop that it ran on is gone."""
        return self._needs_loop and self._loop.is_closed() and not self._came.done()

    def begin(self, provider: TokenProvider, landed: Callable[[Flight, Came], None]) -> None:
        """Ask ``provider``; ``landed`` is told what came, on any thread, before those who wait."""

        def land(came: Came) -> None:
            landed(self, came)
            self._came.set_result(came)

        if _is_async(provider):
            self._needs_loop = True
            self._task = self._loop.create_task(_awaited(_begun(provider)))
            self._task.add_done_callback(lambda done: land(_outcome(done)))
            return
        thread = threading.Thread(
            target=self._call, args=(provider, land), name="mailsend-token", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as problem:  # no more threads
            land(_failure(problem))

    async def wait(self, seconds: float) -> AccessToken:
        """Wait for what comes, ``seconds`` at most. Raises TokenNotGiven."""
        waiting = asyncio.wrap_future(self._came)
        try:
            await asyncio.wait({waiting}, timeout=seconds)
            if not waiting.done():
                raise TokenNotGiven("no token in time")
        finally:
            waiting.cancel()
        came = waiting.result()
        if isinstance(came, TokenNotGiven):
            raise TokenNotGiven(came.why, lasting=came.lasting, advice=came.advice)
        return came

    def _call(self, provider: TokenProvider, land: Callable[[Came], None]) -> None:
        """Ask a plain function; what it gives may still have to be awaited."""
        try:
            made = provider()
            if not inspect.isawaitable(made):
                land(_checked(made))
                return
        except BaseException as problem:  # noqa: BLE001  it must not be lost: others wait for it
            land(_failure(problem))
            return
        self._needs_loop = True
        work = _awaited(made)
        try:
            coming = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as problem:  # the loop is closed
            work.close()
            land(_failure(problem))
        else:
            coming.add_done_callback(lambda done: land(_outcome(done)))


def _is_async(provider: TokenProvider) -> bool:
    call = getattr(provider, "__call__", None)  # noqa: B004  an object may have an async __call__
    return inspect.iscoroutinefunction(provider) or inspect.iscoroutinefunction(call)


async def _begun(provider: TokenProvider) -> AccessToken:
    return await cast("Awaitable[AccessToken]", provider())


async def _awaited(made: Awaitable[Any]) -> AccessToken:
    return _checked(await made)


def _checked(made: object) -> AccessToken:
    if isinstance(made, AccessToken):
        return made
    raise TokenNotGiven(
        f"the provider gave {type(made).__name__}, not AccessToken",
        lasting=True,
        advice="A token provider gives mailsend.transport.tokens.AccessToken.",
    )


def _outcome(done: asyncio.Future[AccessToken] | Future[AccessToken]) -> Came:
    if done.cancelled():
        return TokenNotGiven("asking for it was broken off")
    problem = done.exception()
    return done.result() if problem is None else _failure(problem)


def _failure(problem: BaseException) -> TokenNotGiven:
    """Tell what a provider raised by its kind and place: its text might hold a secret."""
    if isinstance(problem, TokenNotGiven):
        return problem
    if isinstance(problem, MailsendError):  # of ours: it holds none
        return TokenNotGiven(str(problem), lasting=True, advice=problem.advice)
    frames = traceback.extract_tb(problem.__traceback__)
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    why = f"{type(problem).__name__}{where}"
    _log.warning("a token provider failed: %s", why)
    return TokenNotGiven(why)
