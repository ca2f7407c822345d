"""Names of specs: readable, unique, and the same on every run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.applying.adopting.naming import name_from, name_of_resource, unique_name
from reconciler.core.address import Address

JOB = "projects/1/locations/us-central1/tuningJobs/9876543210123456789"


@pytest.mark.parametrize(
    ("display_name", "name"),
    [
        ("Ticket triage", "ticket-triage"),
        ("  --Émile's model (v2)  ", "emile-s-model-v2"),
        ("007", "model-007"),
        ("../../etc/passwd", "etc-passwd"),
        ("日本語", "fallback"),
        ("", "fallback"),
        ("x" * 100, "x" * 63),
    ],
)
def test_a_display_name_becomes_a_name(display_name: str, name: str) -> None:
    assert name_from(display_name, "fallback") == name


@pytest.mark.parametrize(
    ("resource", "name"), [(JOB, f"tuned-{JOB[-12:]}"), ("tunedModels/generate-num-8122", "generate-num-8122")]
)
def test_what_has_no_display_name_is_called_by_its_id(resource: str, name: str) -> None:
    assert name_of_resource(resource, "tuned") == name


@pytest.mark.parametrize(
    ("resource", "taken", "name"),
    [
        (JOB, set(), "triage"),
        (JOB, {"triage"}, "triage-456789"),
        (JOB, {"triage", "triage-456789"}, "triage-3456789"),
        ("tunedModels/numbers-1", {"triage"}, "numbers-1"),
        ("tunedModels/numbers-1", {"triage", "numbers-1"}, "triage-2"),
    ],
)
def test_a_name_that_is_taken_is_told_apart_by_the_id(resource: str, taken: set[str], name: str) -> None:
    assert unique_name("triage", resource, taken.__contains__) == name


@given(st.lists(st.tuples(st.text(max_size=80), st.from_regex(r"[A-Za-z0-9._~-]{1,40}", fullmatch=True)), max_size=12))
def test_whatever_things_are_called_every_name_is_an_address_of_its_own(things: list[tuple[str, str]]) -> None:
    taken: set[str] = set()
    for display_name, ident in things:
        resource = f"tunedModels/{ident}"
        name = unique_name(name_from(display_name, name_of_resource(resource, "tuned")), resource, taken.__contains__)
        assert name not in taken
        assert Address.parse(f"TunedModel/{name}").name == name
        taken.add(name)
