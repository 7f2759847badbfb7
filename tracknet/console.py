"""The console that cards and tables are printed on."""

import sys

from rich.console import Console


def console() -> Console:
    """Standard output; wide enough for a table where it is a file and has no width of its own."""
    return Console(width=None if sys.stdout.isatty() else 140, soft_wrap=True, highlight=False)
