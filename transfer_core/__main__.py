"""`python -m transfer_core`: the command line."""

import sys

from transfer_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
