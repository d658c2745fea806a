"""The catalogue of scenarios lies beside its tests."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from mailsend.transport.smtp.memory import forget_log_ins


@pytest.fixture(autouse=True)
def no_log_in_is_remembered() -> None:
    """Ports come back, and with them the fingerprints of servers."""
    forget_log_ins()
