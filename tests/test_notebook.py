"""The notebook does what it says."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_it_trains_scores_and_shows(tmp_path):
    notebook = nbformat.read(NOTEBOOK, 4)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=600, resources=where).execute()
    outputs = [out for cell in notebook.cells for out in cell.get("outputs", [])]
    shown = [out.data for out in outputs if "data" in out]
    assert any("strict" in data.get("text/html", "") for data in shown)
    assert any("VideoTrack of" in data["text/plain"] for data in shown)
    assert any("image/png" in data for data in shown)
    assert any("<video" in data.get("text/html", "") for data in shown)
    (run,) = (tmp_path / "outputs" / "notebook" / "train").iterdir()
    assert {"track.csv", "track.mp4", "test"} <= {path.name for path in run.iterdir()}
    assert not [out for out in outputs if out.get("name") == "stderr" and "Error" in out.text]
