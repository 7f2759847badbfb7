"""Training and scoring from Python: settings by keyword, otherwise as the commands do it."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import hydra
from hydra.core.override_parser.types import Quote, QuotedString
from omegaconf import DictConfig

from tracknet.errors import InputError
from tracknet.refusals import sentence
from tracknet.resume import resumed_arguments, without_failed_overrides
from tracknet.trust import CONFIGS


class Trained(NamedTuple):
    """What came of a training.

    Attributes:
        run: The run directory.
        figures: The best ones on validation, as in `summary.json`.
    """

    run: Path
    figures: dict[str, float]


def train(output: str | Path | None = None, **settings: Any) -> Trained:
    """See `tracknet.train`."""
    from tracknet.pipelines.train import train

    command = "train"
    given = [command, *overrides_of(settings)]
    with without_failed_overrides(given):
        words = resumed_arguments(given)[1:]
        overrides = [word for word in words if not word.startswith("hydra.run.dir=")]
        folder = settings.get("resume") or output
        cfg = composed(command, overrides, folder)
        figures = train(cfg, overrides)
    return Trained(Path(cfg.paths.output), figures)


def evaluate(
    run: str | Path | None = None, output: str | Path | None = None, **settings: Any
) -> dict[str, Any]:
    """See `tracknet.evaluate`."""
    from tracknet.pipelines.evaluate import evaluate

    own = {} if run is None else {"ckpt": str(run)}
    return evaluate(composed("evaluate", overrides_of(own | settings), output))


def composed(command: str, overrides: list[str], output: str | Path | None) -> DictConfig:
    """The configuration of a command, which writes into `output`, or else a folder of its own.

    Raises:
        InputError: There are no such settings.
    """
    try:
        with hydra.initialize_config_dir(str(CONFIGS), version_base="1.3"):
            cfg = hydra.compose(command, overrides)
    except Exception as error:
        raise InputError(sentence(error, str(CONFIGS), command, overrides)) from error
    now = datetime.now().strftime("%Y-%m-%d_%H-%M-%S-%f")
    cfg.paths.output = str(output or Path(cfg.paths.root, command, now))
    return cfg


def overrides_of(settings: Mapping[str, Any]) -> list[str]:
    """Settings as Hydra's overrides; the values of a group may be a mapping.

    Raises:
        InputError: A value is nothing that a configuration holds.
    """
    return [f"{key}={_text(value, key)}" for key, value in _flat(settings)]


def _flat(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, Mapping) and (CONFIGS / key).is_dir():
            yield from ((f"{key}.{name}", inner) for name, inner in value.items())
        else:
            yield key, value


def _text(value: Any, key: str) -> str:
    """A value in Hydra's grammar."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str | Path):
        text = str(value)
        plain = text.isidentifier() and text.lower() not in ("null", "true", "false", "nan", "inf")
        return text if plain else QuotedString(text, Quote.single).with_quotes()
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{_text(k, key)}:{_text(v, key)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_text(inner, key) for inner in value) + "]"
    if hasattr(value, "item"):  # numpy's and torch's scalars
        return _text(value.item(), key)
    raise InputError(
        f"{key}: a {type(value).__name__}; expected text, a number, a switch, None, or lists and "
        "mappings of these"
    )
