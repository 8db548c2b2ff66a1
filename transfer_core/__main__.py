"""`python -m transfer_core`: the command line, as `graft` where it is installed."""

import sys

from transfer_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
