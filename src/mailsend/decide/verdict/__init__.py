"""Whose fault a reply is, how lasting, and what may follow from it (M18, M19, M20)."""

from mailsend.decide.verdict.conclude import conclude, is_lasting
from mailsend.decide.verdict.judge import judge
from mailsend.decide.verdict.terms import Reason, Step, Verdict

__all__ = ["Reason", "Step", "Verdict", "conclude", "is_lasting", "judge"]
