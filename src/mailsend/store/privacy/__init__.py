"""Persons erased from the store, and what it has of them given out (M38)."""

from mailsend.store.privacy.book import PrivacyBook

__all__ = ["PrivacyBook"]
