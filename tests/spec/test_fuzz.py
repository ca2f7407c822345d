"""Whatever is in a spec file, loading it ends soon, in a result or in findings with their places."""

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.errors import SpecError
from reconciler.spec.codes import CODES
from reconciler.spec.load import Loaded, load
from tests.spec.conftest import MODEL, PREFERENCE, dataset, endpoint, vertex
from tests.spec.test_kinds import GEMINI, PALM
from tests.spec.test_project import FULL

# Seconds of processor time; only a guard against what would take for ever.
HANGS = 60.0
SEEDS = [
    MODEL,
    vertex(PREFERENCE % ", hyperParameters: {beta: 0.1, adapterSize: 4}"),
    GEMINI,
    PALM,
    dataset("train"),
    endpoint("traffic: [{model: TunedModel/triage, percent: 100}], strategy: {type: canary, steps: [10, 100]}"),
    "\n---\n".join([MODEL, GEMINI, dataset("numbers", form="textPairs")]),
]
WORDS = [
    "apiVersion: tuneform/v1",
    "kind: TunedModel",
    "metadata:",
    "name",
    "spec:",
    "vertex:",
    "null",
    "~",
    "1e999",
    "0x",
    ".nan",
    "Dataset/x",
    "ä",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "!",
    ">-",
    "'",
    '"',
    "#",
    "%TAG ! x",
    "\t",
    "\\",
    "\x00",
    "\u202e",
    " {",
    "}",
    "[",
    "]",
    ",",
    ": ",
    "- ",
    "? ",
]
TOKENS = st.lists(st.sampled_from([*WORDS, "|", "\n", "\n  ", "\n---\n", "9" * 400]), max_size=60).map("".join)
SIGNS = st.sampled_from([b"*", b"&", b"!", b"{", b"[", b"\n", b": ", b"- "])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("Dataset/x"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=12), inner, max_size=4)),
)


def outcome(files: dict[str, bytes]) -> Loaded | SpecError:
    """What loading comes to; anything but a result or a SpecError is raised."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            path = Path(folder) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        before = sorted(Path(folder).rglob("*"))
        started = time.process_time()
        try:
            result: Loaded | SpecError = load(Path(folder), environ={})
        except SpecError as error:
            result = error
        assert time.process_time() - started < HANGS
        assert sorted(Path(folder).rglob("*")) == before
    return result


def check(files: dict[str, bytes]) -> None:
    result = outcome(files)
    assert result.diagnostics or isinstance(result, Loaded)
    for found in result.diagnostics:
        assert found.code in CODES
        assert found.message
        assert "\x1b" not in found.message
        assert "\u202e" not in found.message
        if found.source is not None:
            assert found.source.line >= 1
            assert found.source.column >= 1
            lines = (
                files[found.source.file]
                .decode("utf-8", "replace")
                .replace("\r\n", "\n")
                .replace("\r", "\n")
                .split("\n")
            )
            assert found.source.line <= len(lines) + 1


def spec(content: bytes) -> None:
    check({"specs/a.yaml": content})


fuzzing = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@fuzzing
@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    spec(content)


@fuzzing
@given(TOKENS)
def test_any_sequence_of_yaml_s_own_signs(text: str) -> None:
    spec(text.encode())


@fuzzing
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    spec(text.encode("utf-8", "replace"))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A good spec with some bytes changed, taken out, doubled or put in."""
    content = bytearray(draw(st.sampled_from(SEEDS)).encode())
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 12))
        how = draw(st.sampled_from(["cut", "put", "double"]))
        if how == "cut":
            del content[at : at + length]
        elif how == "double":
            content[at:at] = content[at : at + length]
        else:
            content[at:at] = draw(st.one_of(st.binary(max_size=4), SIGNS))
    return bytes(content)


@fuzzing
@given(damaged())
def test_a_good_spec_with_damage(content: bytes) -> None:
    spec(content)


def slots(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from slots(item, (*path, key))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


def structures() -> list[tuple[str, Any]]:
    import yaml

    documents = [d for seed in SEEDS for d in yaml.safe_load_all(seed)]
    return [("specs/a.json", d) for d in documents] + [("tuneform.yaml", yaml.safe_load(FULL))]


@st.composite
def misshapen(draw: st.DrawFn) -> dict[str, bytes]:
    """A good document with one value, anywhere, put in place of another."""
    name, document = draw(st.sampled_from(structures()))
    path = draw(st.sampled_from(list(slots(document))))
    content = json.dumps(replaced(document, path, draw(VALUES))).encode()
    return {name: content, "specs/b.yaml": MODEL.replace("triage", "other").encode()}


@settings(parent=fuzzing, max_examples=400)
@given(misshapen())
def test_a_good_spec_with_any_value_anywhere(files: dict[str, bytes]) -> None:
    check(files)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(damaged(), TOKENS.map(str.encode), st.binary(max_size=400)))
def test_ten_thousand_broken_specs(content: bytes) -> None:
    spec(content)


@pytest.mark.long
@settings(max_examples=5_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(misshapen())
def test_five_thousand_misshapen_specs(files: dict[str, bytes]) -> None:
    check(files)


def test_a_thousand_unknown_fields_are_read_to_the_end() -> None:
    keys = "".join(f"  {'k' * 40}{i}: 1\n" for i in range(15_000))
    started = time.process_time()
    outcome({"specs/a.yaml": (MODEL + keys).encode()})
    assert time.process_time() - started < HANGS
