"""COCO's JSON for detection: pictures, boxes in pixels, and keypoints."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from tracknet.data.exports.marks import NO_CLASS, Ball, Picture, of_box, positive

EXPECTED = (
    'expected COCO: {"images": [{"id": 1, "file_name": "rally1_0007.jpg", "width": ..., '
    '"height": ...}], "annotations": [{"image_id": 1, "category_id": 1, "bbox": [x, y, w, h]}], '
    '"categories": [{"id": 1, "name": "ball"}]}'
)


def is_coco(content: Any) -> bool:
    """Whether JSON is of this kind."""
    return isinstance(content, dict) and "images" in content and "annotations" in content


def read(content: Mapping[str, Any]) -> Iterator[Picture]:
    """The pictures that are listed; one without an annotation has nothing in it.

    A ball that has a single keypoint is there, else in the middle of its box.

    Raises:
        Exception: One of `MALFORMED`, where the file is.
    """
    names = {own["id"]: str(own["name"]) for own in content.get("categories") or []}
    images = {own["id"]: own for own in content["images"]}
    sizes = {key: positive((own["height"], own["width"])) for key, own in images.items()}
    balls: dict[Any, list[Ball]] = defaultdict(list)
    for own in content["annotations"]:
        image = own["image_id"]
        if image not in images:
            raise ValueError(f"an annotation is of image {image}, which is not listed")
        kind = names.get(own.get("category_id"), NO_CLASS)
        size = sizes[image]
        if size is None:
            raise ValueError(f"image {image} has no size")
        points = _points(own.get("keypoints") or [])
        if len(points) == 1:
            (x, y) = points[0]  # the middle of a pixel is a whole number
            ball = of_box(kind, (x + 0.5, y + 0.5, 0, 0), size)
        elif own.get("bbox"):
            ball = of_box(kind, own["bbox"], size)
        else:
            raise ValueError(f"an annotation of image {image} has neither a box nor one keypoint")
        balls[image].append(ball)
    for key, own in images.items():
        yield Picture(str(own["file_name"]), balls[key], sizes[key])


def _points(flat: list[float]) -> list[tuple[float, float]]:
    """Those that are labelled, of x, y, state, x, ..."""
    triples = zip(flat[::3], flat[1::3], flat[2::3], strict=True)
    return [(float(x), float(y)) for x, y, state in triples if state]
