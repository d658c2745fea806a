"""MIME entities as bytes, single and nested (RFC 2045, RFC 2046)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2s

from mailsend.model.frozen import by_slots

__all__ = ["Entity", "boundary_digest", "multipart"]


@by_slots
@dataclass(frozen=True, slots=True)
class Entity:
    """Content fields, each with its CRLF, and the body in chunks.

    ``closed`` says that the body's last CRLF is no part of the content; ``plain`` that its lines
    stand as somebody wrote them, so that one may look like a boundary.
    """

    fields: bytes
    body: tuple[bytes, ...]
    closed: bool = False
    plain: bool = False


def boundary_digest(seed: str, entities: Sequence[Entity]) -> str:
    """Give 24 hexadecimal digits made from ``seed`` that stand in none of the entities."""
    plain = [chunk for entity in entities if entity.plain for chunk in entity.body]
    number = 0
    while True:
        told = f"{number}:{seed}".encode("utf-8", "surrogatepass")
        digest = blake2s(told, digest_size=12).hexdigest()
        if not plain or not any(digest.encode() in chunk for chunk in plain):
            return digest
        number += 1


def multipart(subtype: str, boundary: str, parts: Sequence[Entity]) -> Entity:
    """Give the parts as one entity (RFC 2046, 5.1)."""
    # The root's type must be told (RFC 2387, 3.1); it is HTML wherever we relate parts.
    kind = ' type="text/html";' if subtype == "related" else ""
    fields = (
        f'Content-Type: multipart/{subtype};{kind}\r\n boundary="{boundary}"\r\n'
        "Content-Transfer-Encoding: 7bit\r\n"
    ).encode()
    between = f"--{boundary}\r\n".encode()
    body: list[bytes] = []
    for part in parts:
        body += (between, part.fields, b"\r\n", *part.body)
        if not part.closed:
            body.append(b"\r\n")
    body.append(f"--{boundary}--\r\n".encode())
    return Entity(fields, tuple(body), closed=True)
