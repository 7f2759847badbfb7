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
from contextlib import AbstractContextManager, contextmanager, nullcontext
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tracknet.errors import InputError, InputWarning
from tracknet.names import readable
from tracknet.trust import CONTROL

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn

WIDTH = 140
"""Of what is written where nothing else says how wide it is."""
log = logging.getLogger("tracknet")
"""What the run's own log keeps."""
# Until Hydra has opened that log, Python would print what is logged, a second time.
log.addHandler(logging.NullHandler())
_quiet = False


@contextmanager
def quietly(quiet: bool = True) -> Iterator[None]:
    """Inside, warnings, errors and results alone are printed; the run's log keeps everything."""
    global _quiet
    before, _quiet = _quiet, quiet
    try:
        yield
    finally:
        _quiet = before


@contextmanager
def unlogged() -> Iterator[None]:
    """Inside, what is printed is in no log: between runs there is Hydra's own, which prints it."""
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def console(stderr: bool = False, result: bool = False) -> Console:
    """Standard output; wide enough for a table where it is a file and has no width of its own.

    Args:
        stderr: Standard error instead, which is never quiet.
        result: Whether it is what the command was asked for, which is printed quietly, too.
    """
    width = None if sys.stdout.isatty() else WIDTH
    return Console(
        width=width,
        soft_wrap=True,
        highlight=False,
        markup=False,
        stderr=stderr,
        quiet=_quiet and not result and not stderr,
    )


def say(*said: Any, result: bool = False) -> None:
    """Prints lines, or a table, of which the run's log keeps a copy; see `console`."""
    text = StringIO()
    copy = Console(file=text, width=WIDTH, soft_wrap=True, highlight=False, markup=False)
    copy.print(*said, sep="\n")
    lines = text.getvalue().strip("\n")
    log.info("\n%s" if "\n" in lines else "%s", lines)
    with _clear_of_bars():
        console(result=result).print(*said, sep="\n")


def _clear_of_bars() -> AbstractContextManager[Any]:
    """Inside, bars that Lightning draws are out of the way."""
    drawn = sys.modules.get("tqdm")
    return drawn.tqdm.external_write_mode() if drawn else nullcontext()


def shows_bars() -> bool:
    """Whether somebody looks who wants to see how far the work is."""
    return sys.stdout.isatty() and not _quiet


def progress(
    *columns: "ProgressColumn", stderr: bool = False, transient: bool = False
) -> "Progress":
    """A bar, or where nobody looks none: in a file it would be a smear."""
    from rich.progress import Progress  # not above: commands that draw none start sooner

    shown = Console(stderr=stderr)
    off = _quiet or not shown.is_terminal
    return Progress(*columns, console=shown, transient=transient, disable=off)


@contextmanager
def kept_in(file: Path) -> Iterator[None]:
    """Inside, a file keeps what is said, unless Hydra has opened it for that already."""
    opened = (getattr(one, "baseFilename", "") for one in logging.getLogger().handlers)
    if os.path.abspath(file) in opened:
        yield
        return
    handler = logging.FileHandler(file, encoding="utf-8", errors="backslashreplace")
    handler.setFormatter(logging.Formatter("%(asctime)s  %(message)s", "%Y-%m-%d %H:%M:%S"))
    level = log.level
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        handler.close()


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Iterable[Any]],
    left: int = 1,
    result: bool = False,
) -> None:
    """Says rows under their columns, of which all but the first `left` are aligned right."""
    table = Table(title=title, title_justify="left")
    for i, column in enumerate(columns):
        table.add_column(column, justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(str, row))
    say(table, result=result)


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
        fail(f"error: {said}")
    finally:
        threading.excepthook = show


def fail(*said: str) -> NoReturn:
    """Ends the process with what is wrong, a line each; the run's log keeps them."""
    # A file of somebody else may have chosen the words.
    lines = [CONTROL.sub("?", readable(line)) for line in said]
    for line in lines:
        log.error("%s", line)
    sys.exit("\n".join(lines))


def warn(message: str) -> None:
    """Says on standard error, in one line, what is wrong; the run's log keeps it."""
    log.warning("warning: %s", message)
    with _clear_of_bars():
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
