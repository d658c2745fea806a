"""What a Mailer shows of itself, whether it is awaited or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailsend.mailer import imports_at_fork  # noqa: F401  before anything of ours is first needed

# What a mail is made of is imported where it is used, so that importing a Mailer costs little.
if TYPE_CHECKING:
    from mailsend.compose.templates import Templates
    from mailsend.mailer.directory import Directory
    from mailsend.mailer.interceptors import After, Before, Check
    from mailsend.model.rules import Rules
    from mailsend.settings import Settings
    from mailsend.transport.capture import Captured

__all__ = ["CommonMailer"]


class CommonMailer:
    """Settings, rules, templates and what was captured: the still half of both Mailers.

    ``settings`` come from ``Settings()`` where none are given; ``directory`` gives the rules of
    customers; ``before``, ``check`` and ``after`` are interceptors. Raises InvalidSettings.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        directory: Directory | None = None,
        before: Sequence[Before] = (),
        check: Sequence[Check] = (),
        after: Sequence[After] = (),
    ) -> None:
        from mailsend.mailer.core import Core

        self._core = Core(settings, directory, before, check, after)

    @property
    def rules(self) -> Rules:
        """The rules from the settings."""
        return self._core.rules

    @property
    def templates(self) -> Templates:
        """The templates of the application: ``names``, ``show``, ``sample``, ``source_of``."""
        return self._core.templates()

    @property
    def captured(self) -> tuple[Captured, ...]:
        """What the ``memory:`` servers took: each with ``.envelope`` and ``.data``."""
        return self._core.captured()
