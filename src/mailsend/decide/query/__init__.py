"""The query language of queue and log: read here, once, for command line, API and console alike."""

from mailsend.decide.query.parser import parse

__all__ = ["parse"]
