"""A port of loopback on which nobody listens, for what cannot choose one itself."""

from __future__ import annotations

import random
import socket

__all__ = ["free_port"]

# Below those that systems give to outgoing connections, one of which could have it before we do.
_FIRST, _LAST = 20_000, 32_000


def free_port() -> int:
    """Give a free TCP port of 127.0.0.1."""
    for _ in range(100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", random.randint(_FIRST, _LAST)))
            except OSError:
                continue
            port: int = probe.getsockname()[1]
            return port
    raise OSError("no port is free")
