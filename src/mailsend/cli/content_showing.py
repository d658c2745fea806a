"""What a mail says, for people and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mailsend.cli.output import Output

if TYPE_CHECKING:
    from mailsend.model.stored_content import StoredContent

__all__ = ["content_document", "tell_content"]


def tell_content(output: Output, seen: StoredContent) -> None:
    """Say header and text as they are, and what else there is."""
    output.heading("Header")
    output.block(seen.header)
    if seen.text is not None:
        output.heading("Text")
        output.block(seen.text)
    if seen.html is not None or seen.attachments:
        output.heading("Besides (queue show --save FOLDER writes it)")
    if seen.html is not None:
        output.line(f"HTML, {len(seen.html):,} characters")
    for one in seen.attachments:
        output.line(f"{one.filename} ({one.content_type}, {len(one.data):,} bytes)")


def content_document(seen: StoredContent) -> dict[str, Any]:
    """Give the same as JSON takes it."""
    return {
        "header": seen.header,
        "subject": seen.subject,
        "text": seen.text,
        "html": seen.html,
        "attachments": [
            {"filename": one.filename, "content_type": one.content_type, "size": len(one.data)}
            for one in seen.attachments
        ],
    }
