"""``python -m mailsend``: the command line."""

from mailsend.cli import main

if __name__ == "__main__":
    main()
