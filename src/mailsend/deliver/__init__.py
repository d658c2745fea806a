"""Walking the routes: the one way from a finished mail to a server."""

from mailsend.deliver.walk import deliver

__all__ = ["deliver"]
