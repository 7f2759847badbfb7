"""The card of a model that is handed on: what it is, what it was trained on, how good it is."""

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import UndefinedError

from tracknet.errors import InputError
from tracknet.report.page import TEMPLATES
from tracknet.trust import CONTROL, short

WORST = 5
"""Clips that are named of those that it is worst on."""
WITHIN = ("1", "2", "4", "8", "20")
"""Pixels, within which so many of the balls were placed."""


def model_card(
    facts: Mapping[str, str],
    evaluations: Sequence[Mapping[str, Any]],
    name: str,
    license: str | None = None,
    notes: str = "",
) -> str:
    """Markdown with the header that model hubs read.

    Args:
        facts: What the model is, shown as name and value.
        evaluations: The contents of ``metrics.json``, whose figures are shown.
        name: Of the model.
        license: Of its weights.
        notes: Markdown that it ends with.

    Raises:
        InputError: An evaluation lacks figures.
    """
    try:
        return TEMPLATES.get_template("model_card.md.jinja").render(
            facts=facts,
            evaluations=[_shown(metrics) for metrics in evaluations],
            name=name,
            license=license,
            notes=notes.strip(),
            within=WITHIN,
        )
    except (UndefinedError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"the figures of an evaluation are not whole ({short(str(error))}); score the run "
            "again with evaluate.py"
        ) from error


def _shown(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Figures with the clips that are worst, those first."""
    clips = metrics["breakdown"]["clip"]
    order = sorted(clips, key=lambda name: clips[name]["f1"])
    balls = {
        group: {
            name: row
            for name, row in metrics["breakdown"][group].items()
            if row["tp"] + row["fp1"] + row["fn"]
        }
        for group in ("speed", "visibility")
    }
    worst = {name: clips[name] for name in order[:WORST]}
    return {**metrics, "clips": len(clips), "worst": worst, "balls": balls}


def _figure(value: float | None, digits: int = 3) -> str:
    return "" if value is None else f"{float(value):.{digits}f}"


def _cell(text: Any) -> str:
    """Text of others in a table of Markdown."""
    return CONTROL.sub("?", str(text)).replace("|", r"\|").replace("<", "&lt;")


TEMPLATES.filters["figure"] = _figure
TEMPLATES.filters["cell"] = _cell
