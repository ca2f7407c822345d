"""The manifest tells applications what to call; it changes only when that does."""

from __future__ import annotations

import json

from tests.e2e.workshop import Workshop


def test_what_serves_is_published_and_written_again_only_when_it_changes(workshop: Workshop) -> None:
    workshop.project("  publish: out/serving.json\n")
    workshop.dataset()
    workshop.model()
    manifest = workshop.folder / "out/serving.json"
    workshop.apply()
    assert not manifest.exists()
    workshop.apply("--wait")
    first = json.loads(manifest.read_text())["serving"]["TunedModel/triage"]
    assert first["version"] == 1
    assert first["host"] == "us-central1-aiplatform.googleapis.com"
    assert first.keys() == {"version", "endpoint", "host", "location", "model", "fingerprint", "since"}
    before = manifest.stat().st_mtime_ns
    workshop.apply()
    assert manifest.stat().st_mtime_ns == before
    workshop.model(epochs=5)
    workshop.apply("--wait")
    second = json.loads(manifest.read_text())["serving"]["TunedModel/triage"]
    assert second["version"] == 2
    assert second["endpoint"] != first["endpoint"]
    assert json.loads(workshop.run("output", "TunedModel/triage", "--format", "json").stdout) == second


def test_a_manifest_that_cannot_be_written_is_refused_before_anything_is_paid_for(workshop: Workshop) -> None:
    workshop.project("  publish: gs://acme/serving.json\n")
    workshop.dataset()
    workshop.model()
    assert "out/serving.json" in workshop.apply(expect=1).stderr
    assert workshop.jobs() == []


def test_prices_of_ones_own_catalog_are_used(workshop: Workshop) -> None:
    workshop.project("  catalog: prices.json\n")
    workshop.dataset()
    workshop.model()
    workshop.write("prices.json", '{"models": [{"id": "gemini-2.5-flash", "pricePerMillionTokens": 1000000}]}')
    cost = next(c["cost"] for c in workshop.plan_json()["changes"] if c["address"] == "TunedModel/triage")
    assert cost["usd"] > 100
    workshop.write("prices.json", '{"models": [{"id": "gemini-2.5-flash", "price": 1}]}')
    assert "prices.json" in workshop.run("plan", expect=1).stderr
