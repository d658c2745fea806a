"""A mail's content as rows, apart from what the log keeps; that of sensitive mail is encrypted (M37)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from mailsend.errors import InvalidSettings
from mailsend.store.mails.asked import read_asked, write_asked
from mailsend.store.mails.frozen import cut, joined
from mailsend.store.times import moment

if TYPE_CHECKING:
    from mailsend.model.message import Message
    from mailsend.model.submission import Submission
    from mailsend.store.vault import Vault

__all__ = ["VAULT_PURPOSE", "Contents", "content_row", "data_in", "message_in"]

VAULT_PURPOSE: Final = "content"

_DATA: Final = "data"
_ASKED: Final = "asked"

Blob = Callable[[str], bytes]


class _Kept(Protocol):
    """A row of ``mailsend_content``."""

    @property
    def message(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def cuts(self) -> str: ...
    @property
    def asked(self) -> bytes: ...
    @property
    def sealed(self) -> int: ...


class Contents(NamedTuple):
    """The row of ``mailsend_content``, and the bytes of each file that it refers to by their SHA-256."""

    row: dict[str, Any]
    blobs: Mapping[str, bytes]


def content_row(submission: Submission, *, now: datetime, vault: Vault | None) -> Contents:
    """Give what is kept of a mail's content; ``vault`` is needed for sensitive mail alone.

    Raises InvalidSettings for a sensitive mail without one.
    """
    message, decided = submission.message, submission.content
    content = submission.unmarked or submission.rendered
    asked = write_asked(message, content, locale=decided.locale, whole=decided.sensitive)
    row: dict[str, Any] = {"message": submission.id, "queued_at": moment(now)}
    if decided.sensitive:
        vault = _needed(vault)
        row["data"] = vault.seal_bytes(submission.id, _DATA, submission.data)
        row["asked"] = vault.seal_bytes(submission.id, _ASKED, asked)
        row["cuts"], row["sealed"] = "[]", 1
        return Contents(row, {})
    files = (*content.related, *message.attachments)
    row["asked"], row["sealed"] = asked, 0
    if not files:
        row["data"], row["cuts"] = submission.data, "[]"
        return Contents(row, {})
    row["data"], row["cuts"], _ = cut(submission.data, files)
    return Contents(row, {one.digest: one.data for one in files})


def data_in(row: _Kept, blob: Blob, *, vault: Vault | None) -> bytes:
    """Give the finished bytes that a row holds; raises StoreError where they cannot be opened."""
    return joined(_opened(row, _DATA, row.data, vault), row.cuts, blob)


def message_in(row: _Kept, blob: Blob, *, vault: Vault | None) -> Message:
    """Give the stored Message that a row holds; raises StoreError where it cannot be opened."""
    return read_asked(_opened(row, _ASKED, row.asked, vault), blob)


def _opened(row: _Kept, field: str, kept: bytes, vault: Vault | None) -> bytes:
    if not row.sealed:
        return bytes(kept)  # a driver may give a memoryview
    return _needed(vault).open_bytes(row.message, field, bytes(kept))


def _needed(vault: Vault | None) -> Vault:
    """Give the vault; raises InvalidSettings where there is none."""
    if vault is None:
        raise InvalidSettings(
            "application.secret_keys",
            "the content of sensitive mail is kept encrypted, and there is no key",
            advice="Name a file of secret keys as secret_keys_file, one a line.",
        )
    return vault
