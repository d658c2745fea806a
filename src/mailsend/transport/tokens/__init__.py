"""Access tokens for logging in: ready-made providers, and the cache that asks them in time (M12)."""

from mailsend.model.tokens import AccessToken, TokenNotGiven, TokenProvider
from mailsend.transport.tokens.cached import TokenCache, forget_tokens, tokens_of
from mailsend.transport.tokens.ready_made import google_service_account, microsoft365
from mailsend.transport.tokens.sources import check_source, provider_of

__all__ = [
    "AccessToken",
    "TokenCache",
    "TokenNotGiven",
    "TokenProvider",
    "check_source",
    "forget_tokens",
    "google_service_account",
    "microsoft365",
    "provider_of",
    "tokens_of",
]
