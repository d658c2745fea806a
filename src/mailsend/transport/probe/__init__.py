"""Probing a server: what it is, whether it lets us in, and what it makes of a mail."""

from mailsend.transport.probe.finding import Finding, Level, ProbeCode, ProbeStep
from mailsend.transport.probe.probing import probe
from mailsend.transport.probe.report import ProbeReport, Proposal

__all__ = ["Finding", "Level", "ProbeCode", "ProbeReport", "ProbeStep", "Proposal", "probe"]
