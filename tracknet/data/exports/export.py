"""One export of any tool -> what was marked."""

from pathlib import Path

from tracknet.data.exports import coco, label_studio, yolo
from tracknet.data.exports.files import Files
from tracknet.data.exports.marks import Mark
from tracknet.data.formats.base import LabelError, readable
from tracknet.problems import Problem

EXPECTED = "expected an export of CVAT for video, COCO, YOLO or Label Studio"
OTHER_JSON = ("notes.json", "package.json")


def find_exports(place: Path) -> list[Path]:
    """The exports that a file or a folder is, or holds: files of it, or the folder as a whole."""
    if not place.is_dir():
        return [place]
    files = sorted(file for file in place.glob("[!.]*") if _may_be_export(file))
    return files or [place]


def is_cvat(path: Path) -> bool:
    """Whether a file is an XML, or a ZIP that holds one.

    Raises:
        LabelError: It cannot be unpacked.
    """
    if path.is_dir():
        return False
    with Files(path) as files:
        return bool(files.ending(".xml"))


def read_export(path: Path) -> tuple[list[Mark], list[Problem]]:
    """What is marked in an export of COCO, YOLO or Label Studio, told apart by what it holds.

    The problem is that of tasks that several people annotated.

    Raises:
        LabelError: It is none of them, or malformed.
    """
    marks: list[Mark] = []
    problems: list[Problem] = []
    with Files(path) as files:
        texts = [name for name in files.ending(".json") if not name.endswith(OTHER_JSON)]
        for name in texts:
            content = files.json(name, EXPECTED)
            if coco.is_coco(content):
                with readable(path, coco.EXPECTED):
                    marks += coco.read(content)
            elif label_studio.is_label_studio(content):
                with readable(path, label_studio.EXPECTED):
                    found, several = label_studio.read(content)
                marks += found
                if several:
                    message = (
                        f"{path}: {several} tasks have several annotations; of each the ground "
                        "truth is used, else the last one"
                    )
                    problems.append(Problem("several_annotations", str(path), None, message))
            else:
                raise LabelError(f"{path}: {name} is neither COCO nor Label Studio; {EXPECTED}")
        if not texts and yolo.label_files(files):
            marks += yolo.read(files)
    if not marks:
        raise LabelError(f"{path}: nothing in it was annotated; {EXPECTED}")
    return marks, problems


def _may_be_export(file: Path) -> bool:
    return file.suffix.lower() in (".xml", ".zip", ".json") and not file.name.endswith(OTHER_JSON)
