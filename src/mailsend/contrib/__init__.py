"""What fits mailsend into frameworks and engines: each module needs the extra of its name."""
