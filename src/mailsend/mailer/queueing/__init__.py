"""Mails by way of the store: put in, given out again, brought on their way, and written down."""
