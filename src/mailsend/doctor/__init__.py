"""What the DNS should say, what it says, and what to change."""
