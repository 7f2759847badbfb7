"""The console that cards and tables are printed on, and what the commands are called there."""

import sys
from pathlib import Path

from rich.console import Console


def console() -> Console:
    """Standard output; wide enough for a table where it is a file and has no width of its own."""
    return Console(width=None if sys.stdout.isatty() else 140, soft_wrap=True, highlight=False)


def command(name: str) -> str:
    """How ``train``, ``evaluate`` or ``predict`` is called where this process was started.

    From a checkout that is a script, from an installed wheel a program of its own.
    """
    installed = Path(sys.argv[0]).name.startswith("tracknet-")
    return f"tracknet-{name}" if installed else f"python scripts/{name}.py"
