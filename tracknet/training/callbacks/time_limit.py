"""Ends training after a while."""

from typing import Any

from lightning.pytorch.callbacks import Timer


class TimeLimit(Timer):
    """Lightning's timer, but it counts from this start of the program.

    Lightning's own goes on counting in a resumed run, so that a run that it ended could never be
    continued.
    """

    def load_state_dict(self, _: dict[str, Any]) -> None:
        pass
