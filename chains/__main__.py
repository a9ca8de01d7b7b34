"""The door: `python -m chains` and the command `chains`."""

from chains.cli.main import main

if __name__ == "__main__":
    main()
