"""THE LINE: from what an application asks for to a finished mail, by thought alone."""

from mailsend.prepare.addressing import decide
from mailsend.prepare.line import Draft, GateRefused, TemplateRefused, draft, prepare, renew, seal

__all__ = ["Draft", "GateRefused", "TemplateRefused", "decide", "draft", "prepare", "renew", "seal"]
