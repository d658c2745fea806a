"""How a worker works: how much at once, how often it looks, how long it waits at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailsend.care import Duty
from mailsend.worker.health import Health

__all__ = ["Terms"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a Worker was told; times in seconds. Raises ValueError where a number is too small."""

    concurrency: int
    rounds: int
    batch: int
    poll: float
    stop_within: float
    duties: tuple[Duty, ...] | None
    told: Callable[[Health], object] | None
    tell_every: float

    def __post_init__(self) -> None:
        for name in ("concurrency", "rounds", "batch"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: at least 1, not {getattr(self, name)}")
        for name in ("poll", "tell_every"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: more than 0 seconds, not {getattr(self, name)}")
