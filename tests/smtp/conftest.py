"""No test is paused by a log-in that another test had refused."""

from __future__ import annotations

import pytest

from mailsend.transport.smtp.memory import forget_log_ins


@pytest.fixture(autouse=True)
def no_log_in_is_remembered() -> None:
    """Ports come back, and with them the fingerprints of servers."""
    forget_log_ins()
