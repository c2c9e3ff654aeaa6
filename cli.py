"""skafd from a checkout: `python cli.py status`."""

from skafd.commands.main import main

if __name__ == "__main__":
    main()
