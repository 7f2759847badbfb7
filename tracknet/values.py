"""What a value may be: types for the signatures of parts, and whether a value is of one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.json_schema import GenerateJsonSchema

Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Inside = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, le=2**32 - 1)]
Text = Annotated[str, Field(min_length=1)]
Folder = Annotated[str | Path, Field(min_length=1)]

Weight = Annotated[float, Field(gt=0, le=1_000_000)]
Exponent = Annotated[float, Field(ge=0, le=20)]
Cost = Annotated[float, Field(ge=0, le=100)]
"""In units of the score."""
Reach = Annotated[float, Field(gt=0, le=1)]
"""A share of the frame's diagonal."""
Deviations = Annotated[float, Field(gt=0, le=1000)]
"""How many standard deviations."""

Channels = Annotated[int, Field(ge=1, le=8192)]
Widths = Annotated[Sequence[Channels], Field(min_length=1, max_length=16)]
Depth = Annotated[int, Field(ge=0, le=100)]
Stride = Annotated[int, Field(ge=1, le=256)]
"""Pixels."""
Rank = Annotated[int, Field(ge=0, le=256)]
"""Inner channels of an adapter; 0 for none."""
Side = Annotated[int, Field(ge=1, le=16384)]
Many = Annotated[int, Field(ge=1, le=100_000)]
ManyOrNone = Annotated[int, Field(ge=0, le=100_000)]
Window = Annotated[int, Field(ge=1, le=16)]
"""Frames that a network sees at once."""
Size = Annotated[Sequence[Side], Field(min_length=2, max_length=2)]
"""(H, W), pixels."""
Sigma = Annotated[float, Field(gt=0, le=100)]
"""A standard deviation, pixels."""
Norm = Literal["group", "batch", "none"]

CHECK = ConfigDict(arbitrary_types_allowed=True, allow_inf_nan=False, regex_engine="python-re")
KINDS = {
    "number": "a number",
    "integer": "a whole number",
    "string": "text",
    "null": "null",
    "array": "a list",
    "object": "a mapping",
}
"""The types of JSON's schema in our words."""


def mistake(key: str, value: Any, hint: Any) -> str | None:
    """What is wrong with a value, ``key=value: expected ...``; None where nothing is.

    A list does for a tuple, a whole number for a number and text for a path; but no text for a
    number and no number for a switch. What a hint means to pydantic alone is not checked.

    Args:
        key: The value's dotted name.
        value: Plain, or with parts that are built.
        hint: A type, as in a signature.
    """
    adapter = _adapter(hint)
    if adapter is None:
        return None
    schema, where = adapter.json_schema(schema_generator=_Schema)["items"], ()
    try:
        try:
            # What is not in UTF-8, such as a file's name may be, is no JSON.
            content = json.dumps([value], ensure_ascii=False).encode("utf-8", "replace")
            [taken] = adapter.validate_json(content, strict=True)
        except TypeError:  # it holds parts
            [taken] = adapter.validate_python([value])
        # Pydantic would make a part of a mapping of its settings.
        if not isinstance(value, Mapping) or isinstance(taken, Mapping):
            return None
    except ValidationError as error:
        where = error.errors()[0]["loc"][1:]
    for name in where:
        inner = [one for one in schema.get("anyOf", [schema]) if "additionalProperties" in one]
        if not (inner and isinstance(value, Mapping) and name in value):
            break
        key, value, schema = f"{key}.{name}", value[name], inner[0]["additionalProperties"]
    kinds = _kinds(schema)
    expected = _either(kinds)
    if isinstance(value, int | float) and KINDS["string"] in kinds:
        expected += f"; put it in quotes: {key}=\"'{json.dumps(value)}'\""
    return f"{shown(key, value)}: expected {expected}"


def shown(key: str, value: Any) -> str:
    """``key=value`` as one would write it."""
    return f"{key}={value if isinstance(value, str) else json.dumps(value, default=str)}"


def dotted(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every dotted name of nested mappings and its value; a mapping comes before what it holds."""
    for key, value in config.items():
        yield f"{prefix}{key}", value
        if isinstance(value, Mapping):
            yield from dotted(value, f"{prefix}{key}.")


class _Schema(GenerateJsonSchema):
    """JSON's schema, in which a class of Python is a `part`."""

    def handle_invalid_for_json_schema(self, schema: Any, error_info: str) -> dict[str, Any]:
        return {"part": getattr(schema.get("cls"), "__name__", "function")}


@cache
def _adapter(hint: Any) -> TypeAdapter | None:
    """Takes a list of one value; None where pydantic makes nothing of the hint."""
    try:
        return TypeAdapter(list[hint], config=CHECK)  # pyright: ignore[reportInvalidTypeForm] made as it runs
    except Exception:  # a protocol, say, whose members cannot be looked for
        return None


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    """What a JSON schema lets be, in words."""
    if "description" in schema:
        return [schema["description"]]
    if part := schema.get("part") or schema.get("$ref"):
        return [f"a part, {part.rpartition('/')[-1]}"]
    if "anyOf" in schema:
        plain = [one for one in schema["anyOf"] if "part" not in one] or schema["anyOf"]
        return list(dict.fromkeys(kind for one in plain for kind in _kinds(one)))
    if choices := schema.get("enum", [schema["const"]] if "const" in schema else None):
        return [value if isinstance(value, str) else json.dumps(value) for value in choices]
    if schema.get("type") == "boolean":
        return ["true", "false"]
    if schema.get("type") not in KINDS:
        return ["something else"]
    return [KINDS[schema["type"]] + _span(schema) + _items(schema)]


def _span(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if least is not None and below is None:
        return f", {least} or more" if most is None else f" from {least} to {most}"
    ends = [(least, "from"), (above, "above"), (most, "up to"), (below, "below")]
    return " and".join(f" {word} {end}" for end, word in ends if end is not None)


def _items(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minItems", 0), schema.get("maxItems")
    many = f" of {least}" if least == most else f" of {least} or more" if least else ""
    items = schema.get("items") or schema.get("additionalProperties") or schema.get("prefixItems")
    each = [_kinds(one) for one in (items if isinstance(items, list) else [items]) if one]
    return many + (f", each {_either(each[0])}" if each and each[0] != ["something else"] else "")


def _either(words: Sequence[str]) -> str:
    *others, last = words
    comma = "," if any("," in word for word in words) else ""
    return f"{', '.join(others)}{comma} or {last}" if others else last
