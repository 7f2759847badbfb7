"""What the commands print: cards, tables, what is wrong with the input."""

import logging
import os
import re
import shlex
import shutil
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracknet.errors import InputError, InputWarning
from tracknet.names import readable
from tracknet.trust import CONTROL

log = logging.getLogger("tracknet")
"""What the run's own log keeps."""
# Until Hydra has opened that log, Python would print what is logged, a second time.
log.addHandler(logging.NullHandler())


def console(stderr: bool = False) -> Console:
    """Standard output; wide enough for a table where it is a file and has no width of its own."""
    width = None if sys.stdout.isatty() else 140
    return Console(width=width, soft_wrap=True, highlight=False, markup=False, stderr=stderr)


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Iterable[Any]], left: int = 1
) -> None:
    """Prints rows under their columns, of which all but the first `left` are aligned right."""
    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    console().print(table)


@contextmanager
def plain_errors() -> Iterator[None]:
    """Inside, an error about the input is one line that ends the process.

    A traceback does not help who has to mend a file. HYDRA_FULL_ERROR=1 shows it.
    """
    show = threading.excepthook

    def show_others(failed: threading.ExceptHookArgs) -> None:
        # What TensorBoard's thread cannot write, it says in the main thread as well.
        if not issubclass(failed.exc_type, OSError):
            show(failed)

    threading.excepthook = show_others
    try:
        yield
    except (InputError, OSError) as error:
        if os.environ.get("HYDRA_FULL_ERROR") == "1":
            raise
        # Python puts the system's number before its words.
        said = re.sub(r"^\[Errno -?\d+\] ", "", str(error))
        said = CONTROL.sub("?", readable(said))  # a file of somebody else may have chosen the words
        log.error(said)
        sys.exit(f"error: {said}")
    finally:
        threading.excepthook = show


def warn(message: str) -> None:
    """Says on standard error, in one line, what is wrong; the run's log keeps it."""
    log.warning(message)
    console(stderr=True).print(Text("warning: ", "yellow") + Text(message))


@contextmanager
def plain_warnings() -> Iterator[None]:
    """Inside, Python's warnings about the input look as those of `warn`, without the code."""
    show = warnings.showwarning

    def show_plainly(message, category, *args, **kwargs):
        if issubclass(category, InputWarning):
            warn(str(message))
        else:
            show(message, category, *args, **kwargs)

    warnings.showwarning = show_plainly
    try:
        yield
    finally:
        warnings.showwarning = show


def command(name: str, *arguments: str) -> str:
    """How a command, such as ``train``, is called where this process was started.

    From a checkout that is a script, from an installed wheel a program of its own. The line can be
    pasted into a shell.

    Args:
        name: Of the command.
        arguments: As the command is to get them.
    """
    program = Path(sys.argv[0])
    if program.name.startswith("tracknet-"):
        beside = program.with_name(f"tracknet-{name.replace('_', '-')}")
        words = [beside.name if shutil.which(beside.name) else str(beside)]
    else:
        folder = program.parent if program.parent.name == "scripts" else Path("scripts")
        python = "python" if shutil.which("python") == sys.executable else sys.executable
        words = [_from_here(python), _from_here(folder / f"{name}.py")]
    return " ".join(map(quoted, [*words, *arguments]))


def _from_here(path: str | Path) -> str:
    """A path that leads into the current folder, relative to it."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith(os.pardir) or not os.path.isabs(path) else relative


def quoted(word: str) -> str:
    """A word for a shell to be pasted into, bash or one like it."""
    if CONTROL.search(word):
        content = os.fsencode(word.replace("\\", "\\\\").replace("'", "\\'"))
        shown = (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}" for byte in content)
        return f"$'{''.join(shown)}'"
    return shlex.quote(word)
