"""Settings from keywords, environment, secret files and ``mailsend.toml``, read into Rules."""

from mailsend.settings.finding import Finding
from mailsend.settings.keys import check_keys
from mailsend.settings.provenance import Provenance
from mailsend.settings.settings import Settings

__all__ = ["Finding", "Provenance", "Settings", "check_keys"]
