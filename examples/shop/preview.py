"""Show a mail before anybody gets it: what was decided, why, and the finished text."""

from __future__ import annotations

from orders import ORDER
from shop import confirmation, mailer

from mailsend import Refusal


def main() -> None:
    """Preview the confirmation of an order whose sender a user has typed."""
    message = confirmation(ORDER, to="Bob Miller <bob@example.org>", typed_by_user="x@gmail.com")
    preview = mailer.preview(message)
    if isinstance(preview, Refusal):
        print(preview.explain(), preview.advice)
        return
    print(preview.explain())
    print()
    print(preview.subject)
    print(preview.text)


if __name__ == "__main__":
    main()
