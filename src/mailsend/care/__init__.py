"""The duties of care: what has to be done from time to time, by one process at a time for each."""

from mailsend.care.clock import Ran, run_due
from mailsend.care.duties import DUTIES
from mailsend.care.duty import Duty

__all__ = ["DUTIES", "Duty", "Ran", "run_due"]
