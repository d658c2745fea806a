"""Notices: the only mail that we send of our own accord (Q5, M14, M16, house rule 12)."""

from mailsend.care.notices.given_up import NOTICES, tell_authors

__all__ = ["NOTICES", "tell_authors"]
