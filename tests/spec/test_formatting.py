"""How a spec is written never matters: only what it says."""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic.alias_generators import to_snake

from reconciler.core.desired import Desired, TunedModel
from reconciler.spec.fingerprint import evaluation_fingerprint, training_fingerprint
from reconciler.spec.load import load

Strategy = st.SearchStrategy[Any]
WORDS = st.text("abcdefghijklmnop #:'\"\\{}[],&*!|>%@`-?ä\n", min_size=1, max_size=20).filter(lambda t: t.strip())
URIS = st.from_regex(r"gs://acme-[a-z]{1,5}/[a-z]{1,8}/[a-z0-9]{1,8}\.jsonl", fullmatch=True)
LABELS = st.dictionaries(
    st.from_regex(r"(?!tuneform-|google-|tune-type)[a-z][a-z0-9_-]{0,9}", fullmatch=True),
    st.from_regex(r"[a-z0-9_-]{0,9}", fullmatch=True),
    max_size=3,
)
SIZES = {1: "ONE", 2: "TWO", 4: "FOUR", 8: "EIGHT", 16: "SIXTEEN", 32: "THIRTY_TWO"}


def some(**fields: Strategy) -> Strategy:
    """A mapping with any of these fields."""
    return st.fixed_dictionaries({}, optional=fields)


HYPER = {
    "epochCount": st.integers(1, 50),
    "learningRateMultiplier": st.floats(0.0009765625, 8, width=16),
    "adapterSize": st.sampled_from(sorted(SIZES)),
}
VERTEX = st.one_of(
    st.fixed_dictionaries(
        {
            "supervisedTuningSpec": st.fixed_dictionaries(
                {"trainingDatasetUri": URIS},
                optional={
                    "validationDatasetUri": URIS,
                    "hyperParameters": some(**HYPER),
                    "exportLastCheckpointOnly": st.booleans(),
                },
            )
        }
    ),
    st.fixed_dictionaries(
        {
            "preferenceOptimizationSpec": st.fixed_dictionaries(
                {"trainingDatasetUri": URIS},
                optional={"hyperParameters": some(**HYPER, beta=st.floats(0.015625, 0.5, width=16))},
            )
        }
    ),
)
AROUND = some(
    tunedModelDisplayName=WORDS,
    description=WORDS,
    location=st.sampled_from(["us-central1", "europe-west4"]),
    serviceAccount=st.just("a@b.example"),
)
SPECS = st.builds(
    lambda tuning, around, labels, lifecycle: {
        "apiVersion": "tuneform/v1",
        "kind": "TunedModel",
        "metadata": {"name": "triage", "labels": labels},
        "spec": {"vertex": {"baseModel": "gemini", **tuning, **around}, "lifecycle": lifecycle},
    },
    VERTEX,
    AROUND,
    LABELS,
    some(keepLast=st.integers(1, 5), preventDestroy=st.booleans(), expireAfter=st.just("30d")),
)


class Writer:
    """Writes a value as YAML in one of very many ways."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw

    def coin(self) -> bool:
        return self.draw(st.booleans())

    def key(self, name: str, *, free: bool) -> str:
        spelled = to_snake(name) if not free and self.coin() else name
        return json.dumps(spelled) if self.coin() else spelled

    def scalar(self, name: str, value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower() if self.coin() else str(value).upper()
        if name == "adapterSize" and self.coin():
            return f"ADAPTER_SIZE_{SIZES[value]}"
        if isinstance(value, int):
            return self.one_of(str(value), f'"{value}"', f"+{value}", f"0{value}", hex(value))
        if isinstance(value, float):
            exponent = f"{value:.17e}"
            return self.one_of(repr(value), f'"{value!r}"', exponent)
        if self.coin() or "'" in value or "\n" in value:
            return json.dumps(value, ensure_ascii=self.coin())
        return f"'{value}'"

    def one_of(self, *ways: str) -> str:
        return self.draw(st.sampled_from(ways))

    def flow(self, name: str, value: Any, *, free: bool = False) -> str:
        if not isinstance(value, dict):
            return self.scalar(name, value)
        space = self.draw(st.sampled_from([" ", "  ", "\n     ", " # hm\n     "]))
        fields = [f"{self.key(k, free=free)}: {self.flow(k, v, free=k == 'labels')}" for k, v in self.shuffled(value)]
        return "{" + f",{space}".join(fields) + ("," if fields and self.coin() else "") + "}"

    def block(self, value: dict[str, Any], indent: str, *, free: bool = False) -> str:
        lines = []
        for key, item in self.shuffled(value):
            if self.coin():
                lines.append(self.one_of("", f"{indent}# a remark: {{", "   "))
            head = f"{indent}{self.key(key, free=free)}:"
            if isinstance(item, dict) and item and self.coin():
                deeper = indent + self.one_of(" ", "  ", "    ")
                lines.append(head + ("  # x" if self.coin() else ""))
                lines.append(self.block(item, deeper, free=key == "labels"))
            else:
                lines.append(f"{head}  {self.flow(key, item, free=key == 'labels')}")
        return "\n".join(lines)

    def shuffled(self, value: dict[str, Any]) -> list[tuple[str, Any]]:
        return self.draw(st.permutations(list(value.items())))

    def document(self, value: dict[str, Any]) -> tuple[str, str]:
        """A file's name and text."""
        if self.coin():
            indent = self.draw(st.sampled_from([None, 1, 4]))
            return "b.json", json.dumps(dict(self.shuffled(value)), indent=indent, ensure_ascii=self.coin())
        text = self.block(value, self.draw(st.sampled_from(["", "  "])))
        begin = self.draw(st.sampled_from(["", "---\n", "%YAML 1.2\n---\n", "# begin\n\n", "\ufeff"]))
        end = self.draw(st.sampled_from(["", "\n", "\n...\n", "\n---\n"]))
        return self.draw(st.sampled_from(["b.yaml", "b.yml"])), begin + text + end


@st.composite
def written_twice(draw: st.DrawFn) -> tuple[dict[str, Any], str, str]:
    spec = draw(SPECS)
    return (spec, *Writer(draw).document(spec))


def loaded(name: str, text: str) -> Desired:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "project"
        (root / "specs").mkdir(parents=True)
        (root / "specs" / name).write_bytes(text.encode())
        return load(root, environ={}).desired


def digests(model: TunedModel) -> tuple[str, str]:
    return training_fingerprint(model, {}), evaluation_fingerprint(model, {})


def check(spec: dict[str, Any], name: str, text: str) -> None:
    plain, rewritten = loaded("a.json", json.dumps(spec)), loaded(name, text)
    assert plain.spec_digest == rewritten.spec_digest
    ((model,), (other,)) = plain.models.values(), rewritten.models.values()
    assert digests(model) == digests(other)
    assert model.body == other.body
    assert model.lifecycle == other.lifecycle
    assert (model.display_name, model.description) == (other.display_name, other.description)
    assert model.labels == other.labels


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written_twice())
def test_rewriting_a_spec_changes_no_digest(written: tuple[dict[str, Any], str, str]) -> None:
    check(*written)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(written_twice())
def test_ten_thousand_rewritings_change_no_digest(written: tuple[dict[str, Any], str, str]) -> None:
    check(*written)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS, SPECS)
def test_specs_that_say_different_things_have_different_digests(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = loaded("a.json", json.dumps(one)), loaded("a.json", json.dumps(other))
    same = next(iter(first.models.values())), next(iter(second.models.values()))
    resolved = [(m.body, m.location, m.labels, m.lifecycle, m.display_name) for m in same]
    assert (first.spec_digest == second.spec_digest) == (resolved[0] == resolved[1])
