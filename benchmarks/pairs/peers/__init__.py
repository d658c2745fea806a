"""The contenders: each is given a task, opens what it needs, and works until the meter is full."""
