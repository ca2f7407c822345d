"""Request bodies as they stand on web pages and in notebooks, turned into specs.

Pages print comments, trailing commas and both casings, and leave the server's own fields in. What is read here is
plain data: nothing is evaluated.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from pydantic.alias_generators import to_camel

from reconciler.core.desired import Backend
from reconciler.core.labels import is_reserved
from reconciler.errors import UsageError
from reconciler.spec.kinds.base import Block
from reconciler.spec.kinds.gemini import Gemini
from reconciler.spec.kinds.palm import Palm
from reconciler.spec.kinds.vertex import Vertex
from reconciler.spec.shape import shape_of
from reconciler.spec.writing import known_fields, settled, shown

LARGEST = 1 << 20
BLOCKS: Mapping[Backend, type[Block]] = {"vertex": Vertex, "gemini": Gemini, "palm": Palm}
DISPLAY_NAME: Mapping[Backend, str] = {
    "vertex": "tunedModelDisplayName",
    "gemini": "displayName",
    "palm": "displayName",
}
_COLLECTIONS: Mapping[str, Backend] = {"tuningJobs": "vertex", "tunedModels": "gemini", "pipelineJobs": "palm"}
_MARKS: Mapping[str, Backend] = {
    "supervisedTuningSpec": "vertex",
    "preferenceOptimizationSpec": "vertex",
    "preTunedModel": "vertex",
    "tuningTask": "gemini",
    "tunedModelSource": "gemini",
    "runtimeConfig": "palm",
    "templateUri": "palm",
}
_WRAPPERS = frozenset({"tuningJob", "tunedModel", "pipelineJob"})
_COMMENT = r"//[^\n]*|/\*[^*]*(?:\*(?!/)[^*]*)*(?:\*/|\Z)"
# A string with its escapes, a comment, or a comma. What is never closed ends with the text, so that time is linear.
_TOKEN = re.compile(rf'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|{_COMMENT}|,', re.DOTALL)
_BLANK = re.compile(rf"(?:\s+|{_COMMENT})*", re.DOTALL)
_LOCATION = re.compile(r"/locations/([a-z]{2,20}(?:-[a-z]{2,20}[0-9]{1,2})?)/")
_METHOD = re.compile(r"/(tuningJobs|tunedModels|pipelineJobs)(?:[?/:#]|$)")
_BASE_LOCATION = re.compile(r"https://([a-z]{2,20}-[a-z]{2,20}[0-9]{1,2})-aiplatform\.")


@dataclass(frozen=True, slots=True)
class Pasted:
    """What a request body asks for. `left_out` are paths of fields that a spec has no place for."""

    backend: Backend
    body: Mapping[str, Any]
    labels: Mapping[str, str]
    display_name: str
    left_out: tuple[str, ...]


def read_request(text: str, *, where: str, method: str = "") -> Pasted:
    """A create request's JSON body; `method` is the URL or name of the method it was sent to, if known.

    Raises UsageError, which says where in the text, when it is no JSON or no request that tuneform knows.
    """
    body = _object(text, where)
    names = {to_camel(key): key for key in body}
    if len(body) == 1 and names.keys() & _WRAPPERS and isinstance(inner := next(iter(body.values())), dict):
        body, names = inner, {to_camel(key): key for key in inner}
    backend = _backend_of(names, method, where)
    labels = body.get(names.get("labels", ""), {})
    own = {name: value for name, value in body.items() if to_camel(name) != "labels"}
    known, left_out = known_fields(shape_of(BLOCKS[backend]), own)
    known = settled(BLOCKS[backend], known)
    location = _location(method)
    if location and backend != "gemini" and "location" not in known:
        known = {"location": location, **known}
    name = known.get(DISPLAY_NAME[backend], "")
    kept, refused = _labels(labels)
    return Pasted(backend, known, kept, name if isinstance(name, str) else "", (*left_out, *refused))


def _labels(labels: Any) -> tuple[dict[str, str], tuple[str, ...]]:
    """A person's labels, and the paths of those that are the server's or ours."""
    if not isinstance(labels, dict):
        return {}, ("labels",)
    kept = {k: v for k, v in labels.items() if not is_reserved(k)}
    return kept, tuple(f"labels.{key}" for key in labels if key not in kept)


def _backend_of(names: Mapping[str, str], method: str, where: str) -> Backend:
    if method:
        found = _METHOD.search(f"/{method}")
        if found is None:
            raise UsageError(
                f"{shown(method[:200])} is no method that creates a tuned model",
                where="--method",
                next_step="Give the URL of tuningJobs, tunedModels or pipelineJobs, or leave --method out.",
            )
        return _COLLECTIONS[found[1]]
    marks = {backend for name, backend in _MARKS.items() if name in names}
    if len(marks) == 1:
        return marks.pop()
    raise UsageError(
        "is not the body of a request that tunes a model" if not marks else "has fields of several services' requests",
        where=where,
        next_step="Paste the body of tuningJobs.create, tunedModels.create or pipelineJobs.create, "
        "or say with --method URL which one it is.",
    )


def _location(method: str) -> str:
    found = _LOCATION.search(method) or _BASE_LOCATION.match(method)
    return found[1] if found else ""


def _object(text: str, where: str) -> dict[str, Any]:
    if len(text) > LARGEST:
        raise UsageError(f"is larger than {LARGEST >> 20} MiB", where=where, next_step="Name a request body.")
    repaired = "".join(_repaired(text))
    try:
        value = json.loads(repaired, object_pairs_hook=_without_twins, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        # The repaired text has its characters where the given one has them.
        raise UsageError(
            f"is not JSON: {error.msg}",
            where=f"{where}:{error.lineno}:{error.colno}",
            next_step="Correct it there, or copy the request body again.",
        ) from error
    except (ValueError, RecursionError) as error:
        why = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise UsageError(f"cannot be read: {why}", where=where, next_step="Copy the request body again.") from error
    if not isinstance(value, dict):
        raise UsageError("is not a JSON object", where=where, next_step="A request body begins with a brace.")
    return value


def _repaired(text: str) -> Iterator[str]:
    """The text with comments and trailing commas made blank; every other character keeps its place."""
    done = 0
    for token in _TOKEN.finditer(text):
        yield text[done : token.start()]
        part, done = token[0], token.end()
        if part.startswith('"'):
            yield part
        elif part == ",":
            blank = _BLANK.match(text, done)
            following = text[blank.end() : blank.end() + 1] if blank else ""
            yield " " if following in ("}", "]") and following else ","
        else:
            yield re.sub(r"[^\n]", " ", part)
    yield text[done:]


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {shown(key[:80])!r} stands twice in one object")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")
