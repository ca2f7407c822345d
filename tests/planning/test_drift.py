"""An audit: what live resources differ in from what was last written, and what is only not applied yet."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from reconciler.core.address import Address
from reconciler.core.desired import Desired
from reconciler.core.drift import DriftItem, DriftKind, DriftReport, Verdict
from reconciler.core.ignoring import IgnoreRule
from reconciler.core.labels import own_labels
from reconciler.core.observed import Deployed, LiveEndpoint, LiveModel, Observed, Unreadable
from reconciler.core.runs import RunState
from reconciler.core.state import Checkpoint, Record, Route, Share, State, VersionStatus
from reconciler.planning.drift import audit
from tests.planning import build
from tests.planning.build import CATALOG, LOCATION, NOW, PROJECT

TUNED = {"google-vertex-llm-tuning-base-model-id": "gemini-2_5-flash"}
MODEL = build.model(labels={"team": "support"}, display_name="Triage")


def look(want: Desired, known: State, seen: Observed, *, now: dt.datetime = NOW) -> DriftReport:
    return audit(want, known, seen, CATALOG, now)


def serving(**changes: Any) -> tuple[Desired, State, Observed]:
    """A model that is tuned and serves; `changes` are what somebody did to its live model and endpoint."""
    made = build.version(MODEL)
    seen = build.observed(build.run_of(MODEL, made), build.live(MODEL, made, **changes))
    return build.desired(MODEL), build.state(build.record(MODEL, made, current=1)), seen


def told(report: DriftReport) -> list[tuple[str, str, str]]:
    return [(str(item.kind), item.address, item.resource) for item in report.items]


def only(report: DriftReport) -> DriftItem:
    assert len(report.items) == 1, report.items
    return report.items[0]


def paths(item: DriftItem) -> dict[str, tuple[Any, Any]]:
    return {f.path: (f.before, f.after) for f in item.fields}


class TestModels:
    def test_what_is_as_it_was_written_is_in_sync(self) -> None:
        report = look(*serving())
        assert (report.verdict, report.items, report.pending) == (Verdict.IN_SYNC, (), ())
        assert (report.audited, report.coverage) == ((MODEL.address,), 100.0)

    def test_a_label_changed_by_hand_is_told_with_both_values_and_the_spec_line(self) -> None:
        want, known, seen = serving(labels={"team": "sales"})
        report = look(want, known, seen)
        assert report.verdict is Verdict.DRIFT
        assert {item.resource.split("/")[-2] for item in report.items} == {"models", "endpoints"}
        for item in report.items:
            assert (item.kind, item.address) == (DriftKind.CHANGED, "TunedModel/m")
            assert paths(item) == {"metadata.labels.team": ("support", "sales")}
            assert item.source == MODEL.sources.at("metadata.labels.team")

    def test_a_label_that_somebody_added_is_theirs(self) -> None:
        want, known, seen = serving(labels={"team": "support", "cost-centre": "7"})
        assert look(want, known, seen).verdict is Verdict.IN_SYNC

    def test_a_label_edited_in_the_spec_and_not_applied_yet_is_no_drift(self) -> None:
        _, known, seen = serving()
        edited = replace(MODEL, labels={"team": "sales"})
        report = look(build.desired(edited), known, seen)
        assert (report.verdict, report.items) == (Verdict.IN_SYNC, ())
        assert [(str(p.address), str(p.action)) for p in report.pending] == [("TunedModel/m", "update")]

    def test_a_hyper_parameter_edited_and_not_applied_yet_is_no_drift(self) -> None:
        _, known, seen = serving()
        edited = replace(MODEL, body=build.supervised(epochCount=9))
        report = look(build.desired(edited), known, seen)
        assert report.verdict is Verdict.IN_SYNC
        assert [str(p.action) for p in report.pending] == ["retune"]

    def test_drift_is_told_beside_an_edit_of_the_same_spec(self) -> None:
        _, known, seen = serving(display_name="Renamed by hand")
        edited = replace(MODEL, body=build.supervised(epochCount=9))
        report = look(build.desired(edited), known, seen)
        assert report.verdict is Verdict.DRIFT
        assert paths(report.items[0]) == {"vertex.tunedModelDisplayName": ("Triage", "Renamed by hand")}
        assert [str(p.action) for p in report.pending] == ["retune"]

    def test_what_was_changed_by_hand_to_what_the_spec_says_by_now_is_no_drift(self) -> None:
        _, known, seen = serving(labels={"team": "sales"})
        assert look(build.desired(replace(MODEL, labels={"team": "sales"})), known, seen).items == ()

    def test_a_deleted_model_is_missing(self) -> None:
        want, known, seen = serving()
        item = only(look(want, known, replace(seen, models={}, endpoints=dict(seen.endpoints))))
        assert (item.kind, item.severity) == (DriftKind.MISSING, "error")
        assert item.resource == build.model_name("m-1")

    def test_a_deleted_endpoint_is_missing(self) -> None:
        want, known, seen = serving()
        report = look(want, known, replace(seen, endpoints={}))
        assert told(report) == [("missing", "TunedModel/m", build.endpoint_name("m-1"))]
        assert report.pending == ()

    def test_an_emptied_endpoint_is_changed(self) -> None:
        want, known, seen = serving()
        empty = {k: replace(e, deployed=(), traffic={}) for k, e in seen.endpoints.items()}
        item = only(look(want, known, replace(seen, endpoints=empty)))
        assert (item.kind, item.severity) == (DriftKind.CHANGED, "error")
        assert paths(item) == {f"deployedModels.{build.model_name('m-1')}": (100, None)}

    def test_a_model_of_somebody_else_on_the_endpoint_is_told_with_its_traffic(self) -> None:
        want, known, seen = serving()
        both = {
            k: replace(e, deployed=(*e.deployed, Deployed("d2", build.model_name("x"))), traffic={"d1": 60, "d2": 40})
            for k, e in seen.endpoints.items()
        }
        item = only(look(want, known, replace(seen, endpoints=both)))
        assert paths(item) == {f"deployedModels.{build.model_name('x')}": (None, 40)}

    def test_a_version_kept_for_rollback_that_is_gone_is_told_too(self) -> None:
        first, second = build.version(MODEL, 1, VersionStatus.SUPERSEDED), build.version(MODEL, 2)
        known = build.state(build.record(MODEL, first, second, current=2))
        seen = build.observed(build.run_of(MODEL, first), build.run_of(MODEL, second), build.live(MODEL, second))
        report = look(build.desired(MODEL), known, seen)
        assert told(report) == [
            ("missing", "TunedModel/m", build.endpoint_name("m-1")),
            ("missing", "TunedModel/m", build.model_name("m-1")),
        ]
        assert {item.severity for item in report.items} == {"warning"}

    def test_a_version_that_was_cleared_away_is_not_missed(self) -> None:
        gone = build.version(MODEL, 1, VersionStatus.DELETED, model=build.model_name("m-1"))
        second = build.version(MODEL, 2)
        known = build.state(build.record(MODEL, gone, second, current=2))
        seen = build.observed(build.run_of(MODEL, gone), build.run_of(MODEL, second), build.live(MODEL, second))
        assert look(build.desired(MODEL), known, seen).verdict is Verdict.IN_SYNC

    def test_the_endpoint_of_a_checkpoint_that_was_deleted_is_missing(self) -> None:
        spare = Checkpoint("1", endpoint=build.endpoint_name("spare"))
        own = Checkpoint("2", endpoint=build.endpoint_name("m-1"))
        made = build.version(MODEL, checkpoints=(spare, own))
        known = build.state(build.record(MODEL, made, current=1))
        seen = build.observed(build.run_of(MODEL, made), build.live(MODEL, made))
        assert told(look(build.desired(MODEL), known, seen)) == [("missing", "TunedModel/m", spare.endpoint)]

    def test_another_default_checkpoint_is_a_change(self) -> None:
        own = Checkpoint("2", endpoint=build.endpoint_name("m-1"))
        made = build.version(MODEL, checkpoints=(own,))
        known = build.state(build.record(MODEL, made, current=1))
        seen = build.observed(build.run_of(MODEL, made), build.live(MODEL, made))
        models = {k: replace(m, default_checkpoint="1", version="1") for k, m in seen.models.items()}
        item = only(look(build.desired(MODEL), known, replace(seen, models=models)))
        assert paths(item) == {"defaultCheckpointId": ("2", "1")}

    def test_a_removed_spec_is_not_applied_yet_and_its_live_model_no_drift(self) -> None:
        _, known, seen = serving()
        report = look(build.desired(), known, seen)
        assert report.items == ()
        assert [str(p.action) for p in report.pending] == ["delete"]

    def test_what_belongs_to_a_removed_spec_is_still_compared_with_what_was_written(self) -> None:
        _, known, seen = serving(labels={"team": "sales"})
        report = look(build.desired(), known, seen)
        assert report.verdict is Verdict.DRIFT
        assert report.items[0].source is None


class TestRuns:
    ACTIVE = build.version(MODEL, 1, VersionStatus.ACTIVE)
    KNOWN = build.state(build.record(MODEL, ACTIVE))

    @pytest.mark.parametrize("state", [RunState.PENDING, RunState.RUNNING, RunState.SUCCEEDED, RunState.FAILED])
    def test_what_a_run_comes_to_by_itself_is_no_drift(self, state: RunState) -> None:
        done = replace(self.ACTIVE, model=build.model_name(1), endpoint=build.endpoint_name(1))
        living = build.live(MODEL, done) if state is RunState.SUCCEEDED else ()
        made = done if state is RunState.SUCCEEDED else self.ACTIVE
        seen = build.observed(build.run_of(MODEL, made, state), living)
        assert look(build.desired(MODEL), self.KNOWN, seen).items == ()

    def test_a_run_that_somebody_cancelled_is_a_change(self) -> None:
        seen = build.observed(build.run_of(MODEL, self.ACTIVE, RunState.CANCELLED))
        item = only(look(build.desired(MODEL), self.KNOWN, seen))
        assert (item.kind, paths(item)) == (DriftKind.CHANGED, {"state": ("RUNNING", "CANCELLED")})

    def test_a_run_that_we_asked_to_stop_is_none(self) -> None:
        stopping = replace(self.ACTIVE, status=VersionStatus.CANCELLING)
        seen = build.observed(build.run_of(MODEL, stopping, RunState.CANCELLED))
        assert look(build.desired(MODEL), build.state(build.record(MODEL, stopping)), seen).items == ()

    def test_a_run_that_is_gone_is_missing_once_it_must_be_listed(self) -> None:
        fresh = replace(self.ACTIVE, created_at=build.JUST_NOW)
        assert look(build.desired(MODEL), build.state(build.record(MODEL, fresh)), Observed()).items == ()
        item = only(look(build.desired(MODEL), self.KNOWN, Observed()))
        assert (item.kind, item.resource) == (DriftKind.MISSING, self.ACTIVE.run)


class TestEndpoints:
    """`support` sends everything to the model's version, but for what a test does to it."""

    SPEC = replace(build.endpoint("support", "TunedModel/m"), labels={"team": "support"})
    NAME = f"projects/{PROJECT}/locations/{LOCATION}/endpoints/support-1"
    MADE = build.version(MODEL, model=build.model_name(1, LOCATION), endpoint=build.endpoint_name(1, LOCATION))
    ROUTE = Route(NAME, shares=(Share("TunedModel/m", 1, MADE.model, 100),))
    METADATA: ClassVar = {"displayName": "support", "description": None, "labels": {"team": "support"}}
    KNOWN = build.state(
        build.record(MODEL, MADE, current=1),
        Record(SPEC.address, "vertex", PROJECT, LOCATION, route=ROUTE, metadata=METADATA),
    )
    LIVE = LiveEndpoint(
        NAME,
        display_name="support",
        labels={"team": "support", **own_labels("proj", SPEC.address, "sha256:1", "a")},
        deployed=(Deployed("d1", MADE.model),),
        traffic={"d1": 100},
    )

    def audit(self, live: LiveEndpoint | None = LIVE, *, spec: Any = SPEC) -> DriftReport:
        things = (live,) if live else ()
        seen = build.observed(build.run_of(MODEL, self.MADE), build.live(MODEL, self.MADE), *things)
        return look(build.desired(MODEL, *([spec] if spec else [])), self.KNOWN, seen)

    def test_traffic_as_it_was_written_is_in_sync(self) -> None:
        assert self.audit().verdict is Verdict.IN_SYNC

    def test_a_deleted_endpoint_is_missing(self) -> None:
        item = only(self.audit(None))
        assert (item.kind, item.address, item.severity) == (DriftKind.MISSING, "Endpoint/support", "error")

    def test_traffic_moved_by_hand_is_told_share_by_share(self) -> None:
        other = Deployed("d2", build.model_name("x", LOCATION))
        item = only(self.audit(replace(self.LIVE, deployed=(*self.LIVE.deployed, other), traffic={"d1": 0, "d2": 100})))
        changed = paths(item)
        assert changed["traffic (TunedModel/m v1)"] == (100, 0)
        assert changed[f"deployedModels.{other.model}"] == (None, 100)
        assert item.source == self.SPEC.sources.at("traffic")

    def test_an_endpoint_that_was_emptied_says_what_it_lost(self) -> None:
        item = only(self.audit(replace(self.LIVE, deployed=(), traffic={})))
        assert paths(item) == {"traffic (TunedModel/m v1)": (100, None)}

    def test_labels_and_names_changed_by_hand(self) -> None:
        item = only(self.audit(replace(self.LIVE, display_name="Hello", labels={})))
        assert paths(item) == {"displayName": ("support", "Hello"), "metadata.labels.team": ("support", None)}

    def test_traffic_edited_in_the_spec_is_not_applied_yet(self) -> None:
        entry = {"model": "TunedModel/m", "version": 1, "percent": 100}
        edited = replace(self.SPEC, display_name="New name", body={"traffic": [entry]})
        report = self.audit(spec=edited)
        assert report.items == ()
        assert [str(p.address) for p in report.pending] == ["Endpoint/support"]

    def test_a_removed_endpoint_is_compared_with_what_was_written(self) -> None:
        report = self.audit(replace(self.LIVE, display_name="Hello"), spec=None)
        assert paths(only(report)) == {"displayName": ("support", "Hello")}


class TestDatasets:
    MADE = build.version(MODEL, datasets=(build.pin(),))
    KNOWN = build.state(build.record(MODEL, MADE, current=1))

    def audit(self, *objects: Any, gone: tuple[str, ...] = ()) -> DriftReport:
        seen = build.observed(build.run_of(MODEL, self.MADE), build.live(MODEL, self.MADE), *objects, gone=gone)
        return look(build.desired(MODEL), self.KNOWN, seen)

    def test_the_same_content_is_in_sync(self) -> None:
        assert self.audit(build.stored(generation="2")).verdict is Verdict.IN_SYNC

    def test_an_overwritten_object_is_told_with_both_checksums(self) -> None:
        item = only(self.audit(build.stored(crc32c="BBBB")))
        assert (item.kind, item.resource) == (DriftKind.DATASET_CHANGED, build.TRAIN)
        assert paths(item) == {"crc32c": ("AAAA", "BBBB")}
        assert "TunedModel/m v1" in item.message

    def test_a_deleted_object_is_told(self) -> None:
        item = only(self.audit(gone=(build.TRAIN,)))
        assert (item.kind, paths(item)) == (DriftKind.DATASET_CHANGED, {"crc32c": ("AAAA", None)})

    def test_an_object_that_nobody_looked_for_is_not_called_deleted(self) -> None:
        assert self.audit().items == ()

    def test_an_uploaded_dataset_belongs_to_its_own_address(self) -> None:
        data = build.dataset()
        uri = data.uri(build.content().sha256)
        known = build.state(Record(data.address, "storage", PROJECT, "", objects=(uri,)))
        want = build.desired(data)
        assert look(want, known, build.observed(build.stored(uri))).verdict is Verdict.IN_SYNC
        gone = only(look(want, known, build.observed(gone=(uri,))))
        assert (gone.address, gone.resource) == ("Dataset/d", uri)
        other = only(look(want, known, build.observed(build.stored(uri, size=7))))
        assert paths(other) == {"size": (100, 7)}


class TestUnmanaged:
    def with_more(self, *things: Any) -> DriftReport:
        want, known, seen = serving()
        return look(want, known, seen.merged(build.observed(*things)))

    def test_a_run_under_way_without_our_label(self) -> None:
        item = only(self.with_more(build.run(build.job("notebook"))))
        assert (item.kind, item.address, item.labelled, item.severity) == (DriftKind.UNMANAGED, "", False, "note")
        assert "without a label of this project" in item.message

    def test_a_run_with_our_label_is_told_under_its_address(self) -> None:
        item = only(self.with_more(build.stray(MODEL, 99)))
        assert (item.address, item.labelled, item.severity) == ("TunedModel/m", True, "warning")

    def test_a_finished_run_is_told_once_with_the_model_and_endpoint_it_left(self) -> None:
        left = LiveModel(build.model_name(7), labels=TUNED, deployments=((build.endpoint_name(7), "d"),))
        point = LiveEndpoint(build.endpoint_name(7), deployed=(Deployed("d", left.name),), labels=TUNED)
        done = build.run(build.job(7), RunState.SUCCEEDED, model=left.name, endpoint=point.name)
        item = only(self.with_more(done, left, point))
        assert (item.resource, item.related) == (done.name, (left.name, point.name))

    def test_a_run_that_left_nothing_is_history(self) -> None:
        ended = [build.run(build.job(i), s) for i, s in enumerate((RunState.FAILED, RunState.CANCELLED))]
        gone = build.run(build.job(9), RunState.SUCCEEDED, model=build.model_name(9))
        assert self.with_more(*ended, gone).items == ()

    def test_a_model_that_nobody_tuned_is_not_ours_to_manage(self) -> None:
        assert self.with_more(LiveModel(build.model_name("sklearn"), labels={"team": "fraud"})).items == ()

    def test_a_tuned_model_without_a_run(self) -> None:
        item = only(self.with_more(LiveModel(build.model_name("copied"), labels=TUNED)))
        assert item.resource == build.model_name("copied")

    def test_an_endpoint_that_carries_one_of_ours(self) -> None:
        demo = LiveEndpoint(build.endpoint_name("demo"), deployed=(Deployed("d", build.model_name("m-1")),))
        item = only(self.with_more(demo))
        assert item.resource == demo.name
        assert build.model_name("m-1") in item.message

    def test_what_another_tuneform_project_owns_is_counted_and_no_finding(self) -> None:
        theirs = own_labels("acme-prod", MODEL.address, "sha256:1", "a")
        report = self.with_more(build.run(build.job(1), labels=theirs))
        assert (report.verdict, report.elsewhere) == (Verdict.IN_SYNC, {"acme-prod": 1})

    def test_coverage_counts_what_is_managed_among_all(self) -> None:
        assert self.with_more(build.run(build.job("notebook"))).coverage == 50.0

    def test_an_adopted_model_is_managed_though_its_run_is_in_no_record(self) -> None:
        made = build.version(MODEL, run="")
        known = build.state(build.record(MODEL, made, current=1))
        run = build.run(build.job("before"), RunState.SUCCEEDED, model=made.model)
        seen = build.observed(run, build.live(MODEL, made))
        assert look(build.desired(MODEL), known, seen).items == ()


class TestRetiring:
    @pytest.mark.parametrize(
        ("base", "deadline"), [("gemini-closing", "2026-12-10"), ("gemini-old", "2026-10-20"), (build.BASE, None)]
    )
    def test_the_end_of_the_base_of_what_serves_is_told_and_is_no_drift(self, base: str, deadline: str | None) -> None:
        spec = build.model(body=build.supervised(base=base))
        known, seen = build.serving(spec)
        report = look(build.desired(spec), known, seen)
        assert report.verdict is Verdict.IN_SYNC
        assert [(i.kind, i.deadline) for i in report.items] == ([(DriftKind.RETIRING, deadline)] if deadline else [])

    def test_it_is_about_what_was_tuned_and_not_about_what_the_spec_says_by_now(self) -> None:
        spec = build.model(body=build.supervised(base="gemini-old"))
        known, seen = build.serving(spec)
        edited = build.model(body=build.supervised())
        assert only(look(build.desired(edited), known, seen)).resource == "gemini-old"


class TestBlindness:
    @pytest.mark.parametrize(
        "what",
        [
            f"projects/{PROJECT}/locations/{LOCATION}/tuningJobs",
            f"projects/{PROJECT}/locations/us/models",
            f"projects/{PROJECT}/locations/us/endpoints",
            "gs://acme-data/",
            "vertex",
        ],
    )
    def test_what_could_not_be_read_is_never_in_sync_and_never_missing(self, what: str) -> None:
        made = build.version(MODEL, datasets=(build.pin(),))
        known = build.state(build.record(MODEL, made, current=1))
        report = look(build.desired(MODEL), known, build.observed(Unreadable(what, "403 no")))
        assert report.verdict is Verdict.INCOMPLETE
        assert report.coverage is None
        unreadable = [item for item in report.items if item.kind is DriftKind.UNREADABLE]
        assert [item.resource for item in unreadable] == [what]
        assert MODEL.address in report.unseen

    def test_nothing_hidden_is_called_missing(self) -> None:
        want, known, _ = serving()
        report = look(want, known, build.observed(Unreadable("vertex", "403 no")))
        assert [item.kind for item in report.items] == [DriftKind.UNREADABLE]

    def test_what_differs_in_the_part_that_was_read_is_still_told(self) -> None:
        want, known, seen = serving(labels={})
        hidden = build.observed(Unreadable("gs://elsewhere/", "403 no"))
        report = look(want, known, seen.merged(hidden))
        assert report.verdict is Verdict.INCOMPLETE
        assert report.counts[DriftKind.CHANGED] == 2

    def test_no_rule_passes_over_what_could_not_be_read(self) -> None:
        want, known, _ = serving()
        want = with_rules(want, rule(resource="*"))
        report = look(want, known, build.observed(Unreadable("vertex", "403 no")))
        assert (report.verdict, report.ignored, report.diagnostics) == (Verdict.INCOMPLETE, (), ())


def rule(
    until: dt.date = dt.date(2026, 12, 31), *, address: str = "", resource: str = "", kind: str = "", path: str = ""
) -> IgnoreRule:
    return IgnoreRule("co-managed with billing", "ml-platform@acme.example", until, address, resource, kind, path)


def with_rules(want: Desired, *rules: IgnoreRule) -> Desired:
    return replace(want, project=replace(want.project, ignores=rules))


class TestIgnoring:
    @pytest.mark.parametrize(
        "fitting",
        [
            rule(address="TunedModel/*"),
            rule(kind="changed"),
            rule(resource="projects/*"),
            rule(address="TunedModel/m", path="metadata.labels.*"),
        ],
    )
    def test_a_rule_that_fits_takes_a_finding_out_of_the_verdict_and_keeps_it_in_the_report(
        self, fitting: IgnoreRule
    ) -> None:
        want, known, seen = serving(labels={"team": "sales"})
        report = look(with_rules(want, fitting), known, seen)
        assert (report.verdict, len(report.ignored), report.open) == (Verdict.IN_SYNC, 2, ())
        assert report.items[0].ignored == fitting
        assert report.diagnostics == ()

    def test_a_path_covers_its_fields_only(self) -> None:
        want, known, seen = serving(labels={"team": "sales"}, display_name="Renamed")
        report = look(with_rules(want, rule(kind="changed", path="metadata.labels.*")), known, seen)
        assert report.verdict is Verdict.DRIFT
        assert {f.path for item in report.open for f in item.fields} == {"vertex.tunedModelDisplayName"}
        assert {f.path for item in report.ignored for f in item.fields} == {"metadata.labels.team"}

    def test_a_rule_with_a_path_is_not_about_findings_without_fields(self) -> None:
        want, known, seen = serving()
        rules = with_rules(want, rule(address="*", path="metadata.*"))
        report = look(rules, known, replace(seen, endpoints={}))
        assert report.verdict is Verdict.DRIFT

    @pytest.mark.parametrize(("until", "verdict"), [(21, Verdict.IN_SYNC), (20, Verdict.DRIFT)])
    def test_a_rule_holds_through_its_last_day(self, until: int, verdict: Verdict) -> None:
        want, known, seen = serving(labels={})
        assert look(with_rules(want, rule(dt.date(2026, 11, until), kind="changed")), known, seen).verdict is verdict

    def test_an_expired_rule_is_told_with_its_owner(self) -> None:
        want, known, seen = serving(labels={})
        report = look(with_rules(want, rule(dt.date(2026, 11, 1), kind="changed")), known, seen)
        assert [d.code for d in report.diagnostics] == ["ignore_expired"]
        assert "ml-platform@acme.example" in report.diagnostics[0].message

    def test_a_rule_that_matches_nothing_is_noted(self) -> None:
        want, known, seen = serving()
        report = look(with_rules(want, rule(address="TunedModel/typo")), known, seen)
        assert [(d.severity, d.code) for d in report.diagnostics] == [("note", "ignore_unused")]
        assert report.verdict is Verdict.IN_SYNC


def test_the_same_finding_has_the_same_fingerprint_whatever_its_values() -> None:
    first = look(*serving(labels={"team": "sales"})).items
    second = look(*serving(labels={"team": "fraud"})).items
    assert [i.fingerprint for i in first] == [i.fingerprint for i in second]
    assert len({i.fingerprint for i in first}) == 2


def test_an_audit_is_the_same_whatever_the_order_of_what_was_read() -> None:
    want, known, seen = serving(labels={})
    more = [build.run(build.job(i)) for i in range(5)]
    forward = seen.merged(build.observed(*more))
    backward = build.observed(*reversed(more)).merged(seen)
    assert look(want, known, forward) == look(want, known, backward)


def test_a_declared_model_that_was_never_applied_is_pending_and_nothing_else() -> None:
    report = look(build.desired(MODEL), build.state(), Observed())
    assert (report.verdict, report.audited) == (Verdict.IN_SYNC, ())
    assert [(p.address, str(p.action)) for p in report.pending] == [(Address("TunedModel", "m"), "create")]


@pytest.mark.parametrize("recorded", [True, False], ids=["in sync", "state lost"])
def test_four_thousand_models_are_audited(recorded: bool) -> None:
    specs = [build.model(f"m{number}", labels={"team": "support"}) for number in range(4_000)]
    made = [(spec, build.version(spec)) for spec in specs]
    known = build.state(*(build.record(spec, one, current=1) for spec, one in made)) if recorded else build.state()
    seen = build.observed(
        *(build.run_of(spec, one) for spec, one in made), *(build.live(spec, one) for spec, one in made)
    )
    want = build.desired(*specs)
    started = time.process_time()
    report = look(want, known, seen)
    assert time.process_time() - started < 60, "only a guard against what would take for ever"
    assert len(report.items) == (0 if recorded else 4_000)
