"""What should happen, and why: pure functions from facts to decisions."""
