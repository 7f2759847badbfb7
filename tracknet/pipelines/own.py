"""The data that a run or an evaluation is of, by what its file says, which is not trusted."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tracknet.errors import InputError
from tracknet.pipelines.settings import check_settings
from tracknet.trust import TARGET, as_list, check_targets, plain_fault, short

SCORED = ("data", "fold", "split", "max_clips", "image_size", "fit")
"""Of a configuration of `evaluate`: what was scored, for comparing on the same."""
METRICS = "metrics.json"


def names_data(config: Mapping[str, Any]) -> bool:
    """Whether a command's own settings name a data set, and not only a part of one."""
    return TARGET in config.get("data", {})


def read_scored(file: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """What an evaluation scored.

    Args:
        file: Its `metrics.json`.
        config: Of the command that is to read the same data; what it says of `data` without a
            layout, such as another root, takes the place of what the evaluation says.

    Raises:
        InputError: It does not say, or names parts that it may not.
    """
    scored = read_metrics(file).get("scored")
    wrong = plain_fault(scored)
    if wrong or not isinstance(scored, dict) or scored.keys() != {*SCORED}:
        said = f"scored has {wrong}" if wrong else "does not say what was scored"
        raise InputError(f"{file}: {said}; score it again with evaluate.py")
    for key, kind in {"data": dict, "fit": dict, "split": str}.items():
        if not isinstance(scored[key], kind):
            said = f"scored.{key}={short(scored[key])}: expected another kind"
            raise InputError(f"{file}: {said}; score it again with evaluate.py")
    return _checked(scored, ("data", "fit"), config, file)


def data_of(record: Mapping[str, Any], config: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The data that a run was trained on, and the match that it left out.

    Args:
        record: The configuration in its checkpoint, which is plain.
        config: Of the command that is to read the same data; what it says of `data` without a
            layout, such as another root, takes the place of what the run says.
        file: The checkpoint.

    Raises:
        InputError: The checkpoint does not say, or names parts that it may not.
    """
    data = record.get("data")
    if not isinstance(data, dict) or TARGET not in data:
        raise InputError(
            f"{file}: does not say which data it was trained on; add data=<layout> "
            "data.root=<folder>"
        )
    own = {"data": data, "fold": record.get("fold")}
    return _checked(own, ("data",), config, file)


def _checked(
    own: dict[str, Any], groups: tuple[str, ...], config: Mapping[str, Any], file: Path
) -> dict[str, Any]:
    """The same, once it may be built: what it names is listed, and where it renders is ours."""
    own["data"] = {**own["data"], **config.get("data", {})}
    own["fold"] = own["fold"] if config.get("fold") is None else config["fold"]
    check_targets(own, groups, as_list(config["trust"]), file)
    _render_into(own["data"], config["paths"]["synthetic"])
    check_settings({**config, **own}, config["command"])
    return own


def _render_into(data: Any, folder: str) -> None:
    """Has rendered clips written into that folder, wherever they are chosen."""
    if isinstance(data, dict):
        data |= {"cache": folder} if "cache" in data else {}
        for part in data.values():
            _render_into(part, folder)


def read_metrics(file: Path) -> dict[str, Any]:
    """The figures of an evaluation.

    Raises:
        InputError: It is no such file.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if isinstance(content["split_sha256"], str):
            return content
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    raise InputError(f"{file}: no figures of an evaluation; score the run again with evaluate.py")
