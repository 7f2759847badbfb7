"""Tiny real data and the means to compose configurations, shared by all tests."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hydra import compose as hydra_compose
from hydra import initialize_config_dir
from omegaconf import DictConfig

CONFIGS = Path(__file__).parents[1] / "configs"


@pytest.fixture(scope="session")
def compose() -> Callable[[str, Sequence[str]], DictConfig]:
    """Composes an entry configuration with overrides, as the scripts do."""

    def composed(name: str, overrides: Sequence[str] = ()) -> DictConfig:
        with initialize_config_dir(str(CONFIGS), version_base="1.3"):
            return hydra_compose(name, list(overrides))

    return composed


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Overrides that choose synthetic clips of a few frames, rendered and decoded once."""
    root = tmp_path_factory.mktemp("data")
    return [
        f"paths.synthetic={root / 'synthetic'}",
        f"paths.store={root / 'store'}",
        "data.clips={train: 2, val: 1, test: 1}",
        "data.frames=24",
        "image_size=[64,128]",
        "batch_size=4",
    ]
