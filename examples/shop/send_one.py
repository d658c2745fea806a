"""Send one mail, and look at what became of it."""

from __future__ import annotations

import sys

from orders import ORDER
from shop import confirm

from mailsend import MailsendError


def main() -> int:
    """Confirm an order; give an exit code."""
    try:
        report = confirm(ORDER, to="Bob Miller <bob@example.org>")
    except MailsendError as problem:
        print(problem, file=sys.stderr)
        print(problem.advice, file=sys.stderr)
        return 1
    for address, result in report.recipients.items():
        print(f"{address} {result.outcome} by {result.server} ({result.reply})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
