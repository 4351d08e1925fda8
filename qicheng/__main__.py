"""Lets `python -m qicheng` stand for the command `qicheng`."""

import sys

from qicheng.interfaces.command.main import main

if __name__ == "__main__":
    sys.exit(main())
