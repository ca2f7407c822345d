"""The state table over all three services, rows 33 to 56: what serves, drifts, goes; and that no row is forgotten."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.core.observed import LiveEndpoint, LiveModel, Unreadable
from reconciler.core.runs import RunState
from reconciler.core.state import VersionStatus
from reconciler.planning.absorb import absorb
from tests.planning import test_endpoints as endpoints
from tests.planning import test_three_services as earlier_rows
from tests.planning.build import LONG_AGO, NOW, TRAIN, desired, pin, steps, stored, warned
from tests.planning.build import observed as observed_of
from tests.planning.build import record as record_of
from tests.planning.build import run as a_run
from tests.planning.build import state as state_of
from tests.planning.services import (
    BACKENDS,
    COVERED,
    EXCUSED,
    IN_THE_REQUEST,
    NO_CHECKPOINTS,
    NOT_TUNED_ON,
    SERVES_ITSELF,
    Service,
    active,
    row,
)

# Rows about what only Vertex AI has are in the files about that.
VERTEX_ROWS = "".join(
    (Path(__file__).parent / name).read_text() for name in ("test_state_table.py", "test_endpoints.py")
)
assert earlier_rows, "imported, so that its rows are counted"


@row(33, gemini=SERVES_ITSELF)
def test_row_33_a_deleted_endpoint_is_deployed_again(service: Service) -> None:
    spec = service.spec()
    record, (found, *there) = service.serving(spec)
    models = [thing for thing in there if isinstance(thing, LiveModel)]
    assert service.steps(spec, state_of(record), found, *models) == [("deploy", "endpoint_gone")]


@row(34, gemini=SERVES_ITSELF)
def test_row_34_an_emptied_endpoint_is_deployed_to_again(service: Service) -> None:
    spec = service.spec()
    record, (found, *there) = service.serving(spec)
    emptied = [replace(t, deployed=(), traffic={}) if isinstance(t, LiveEndpoint) else t for t in there]
    assert service.steps(spec, state_of(record), found, *emptied) == [("deploy", "endpoint_empty")]


@row(35)
def test_row_35_a_model_that_is_gone_is_held(service: Service) -> None:
    spec = service.spec()
    record, (found, *_) = service.serving(spec)
    seen = () if service.backend == "gemini" else (found,)
    assert service.steps(spec, state_of(record), *seen) == [("hold", "model_gone")]


@row(36, palm=NOT_TUNED_ON)
def test_row_36_a_deleted_model_that_another_goes_on_from_warns_of_broken_lineage(service: Service) -> None:
    spec, child = service.spec(), service.child()
    record, (found, *_) = service.serving(spec)
    grown, there = service.serving(child)
    seen = observed_of(*(() if service.backend == "gemini" else (found,)), *there)
    made = service.plan(service.want(spec, child), state_of(record, grown), seen)
    assert steps(made, "m") == [("hold", "model_gone")]
    assert "lineage_broken" in warned(made)


@row(38, 40, gemini=SERVES_ITSELF)
def test_rows_38_40_traffic_moved_by_hand_is_moved_back(service: Service) -> None:
    spec = service.spec(data=TRAIN)
    carried = endpoints.carrying(endpoints.share(1), endpoints.share(2, 0))
    known = endpoints.world(2, 1, 2, spec=spec)
    want = desired(spec, endpoints.endpoint())
    made = endpoints.plan_of(want, known, endpoints.written(endpoints.share(2)), carried)
    assert endpoints.of_endpoint(made) == [("promote", "traffic_drift")]


@row(39)
def test_row_39_a_name_changed_by_hand_is_put_right(service: Service) -> None:
    spec = service.spec()
    record, (found, *_) = service.serving(spec)
    there = service.live(spec, service.version(spec), display_name="by hand")
    assert service.steps(spec, state_of(record), found, *there) == [("update", "metadata_drift")]


@row(41, gemini=IN_THE_REQUEST)
def test_row_41_a_new_generation_with_the_same_content_is_nothing(service: Service) -> None:
    spec = service.spec(data=TRAIN, on_dataset_change="retune")
    record, there = service.serving(spec, datasets=(pin(),))
    assert service.steps(spec, state_of(record), *there, stored(generation="9")) == []


@row(42, gemini=IN_THE_REQUEST)
@pytest.mark.parametrize(("policy", "expected"), [("warn", []), ("retune", [("retune", "dataset_changed")])])
def test_row_42_overwritten_data_warns_or_retunes(
    service: Service, policy: str, expected: list[tuple[str, str]]
) -> None:
    spec = service.spec(data=TRAIN, on_dataset_change=policy)
    record, there = service.serving(spec, datasets=(pin(),))
    made = service.plan(service.want(spec), state_of(record), observed_of(*there, stored(crc32c="BBBB")))
    assert steps(made, "m") == expected
    assert expected or "dataset_changed" in warned(made)


@row(43, gemini=IN_THE_REQUEST)
def test_row_43_data_changed_under_a_run_taints_it(service: Service) -> None:
    spec = service.spec(data=TRAIN)
    record, made = active(service, spec, datasets=(pin(),))
    going = observed_of(service.run(spec, made), stored(crc32c="BBBB"))
    known = absorb(state_of(record), going, NOW)
    done = service.version(spec)
    found = service.run(spec, replace(made, model=done.model, endpoint=done.endpoint), RunState.SUCCEEDED)
    assert service.steps(spec, known, found, *service.live(spec, done)) == [("hold", "tainted")]


@row(44, gemini=IN_THE_REQUEST)
def test_row_44_a_deleted_dataset_warns_and_serving_is_not_affected(service: Service) -> None:
    spec = service.spec(data=TRAIN)
    record, there = service.serving(spec, datasets=(pin(),))
    made = service.plan(service.want(spec), state_of(record), observed_of(*there, gone=[TRAIN]))
    assert steps(made, "m") == []
    assert "dataset_deleted" in warned(made)


@row(45)
def test_row_45_a_base_model_that_retires_soon_warns_with_its_date(service: Service) -> None:
    spec = service.spec(base="gemini-closing")
    record, there = service.serving(spec)
    made = service.plan(service.want(spec), state_of(record), observed_of(*there))
    (told,) = [d for d in made.diagnostics if d.code == "base_model_retiring"]
    assert "2026-12-10" in told.message
    assert steps(made, "m") == []


@row(46, gemini=SERVES_ITSELF)
def test_row_46_with_its_base_retired_a_lost_endpoint_is_told_and_nothing_is_tuned(service: Service) -> None:
    spec = service.spec(base="gemini-old")
    record, (found, *there) = service.serving(spec)
    models = [thing for thing in there if isinstance(thing, LiveModel)]
    made = service.plan(service.want(spec), state_of(record), observed_of(found, *models))
    assert "base_model_retired" in warned(made)
    assert steps(made, "m") == [("deploy", "endpoint_gone")]


@row(47)
def test_row_47_another_base_model_is_a_new_version(service: Service) -> None:
    record, there = service.serving(service.spec())
    changed = service.spec(base="base-2")
    assert service.steps(changed, state_of(record), *there) == [("retune", "training_changed")]


@row(48)
def test_row_48_a_rollback_trains_nothing(service: Service) -> None:
    spec, changed = service.spec(), service.spec(4)
    versions = [service.version(spec, 1, VersionStatus.SUPERSEDED), service.version(changed, 2)]
    there = [
        part
        for s, v in zip((spec, changed), versions, strict=True)
        for part in (service.run(s, v), *service.live(s, v))
    ]
    known = state_of(record_of(changed, *versions, current=2))
    assert service.steps(spec, known, *there)[0] == ("rollback", "reverted")


@row(49)
@pytest.mark.parametrize(("on_remove", "action"), [("delete", "delete"), ("retain", "forget")])
def test_row_49_a_removed_spec_takes_its_model_along_or_leaves_it(
    service: Service, on_remove: str, action: str
) -> None:
    record, there = service.serving(service.spec())
    found = service.steps(None, state_of(replace(record, on_remove=on_remove)), *there)
    assert [step for step, _ in found] == [action]


@row(50)
def test_row_50_a_removed_spec_cancels_its_run(service: Service) -> None:
    spec = service.spec()
    record, made = active(service, spec)
    assert service.steps(None, state_of(record), service.run(spec, made)) == [("cancel", "removed")]


@row(51, palm=NOT_TUNED_ON)
def test_row_51_a_removed_spec_that_another_goes_on_from_is_held(service: Service) -> None:
    record, there = service.serving(service.spec())
    want = service.want(service.child(service.serving(service.spec())[0].versions[0].model))
    made = service.plan(want, state_of(record), observed_of(*there))
    assert ("hold", "still_referenced") in steps(made, "m")


@row(51, gemini=SERVES_ITSELF)
def test_row_51_a_removed_spec_that_an_endpoint_carries_is_held(service: Service) -> None:
    known = endpoints.world(1, spec=service.spec(data=TRAIN))
    kept = endpoints.written(endpoints.share(1), prevent_destroy=True)
    made = endpoints.plan_of(desired(), known, kept, endpoints.carrying(endpoints.share(1)))
    assert steps(made, "TunedModel/m") == [("hold", "still_referenced")]


@row(52)
def test_row_52_versions_past_keep_last_go(service: Service) -> None:
    spec, changed = service.spec(keep_last=1), service.spec(4, keep_last=1)
    versions = [service.version(spec, 1, VersionStatus.SUPERSEDED), service.version(changed, 2)]
    there = [
        part
        for s, v in zip((spec, changed), versions, strict=True)
        for part in (service.run(s, v), *service.live(s, v))
    ]
    known = state_of(record_of(changed, *versions, current=2))
    assert service.steps(changed, known, *there) == [("delete", "past_keep_last")]


@row(54)
def test_row_54_what_has_expired_goes(service: Service) -> None:
    spec = service.spec(expire_after=86400)
    record, there = service.serving(spec, finished_at=LONG_AGO)
    assert service.steps(spec, state_of(record), *there) == [("delete", "expired")]


@row(55)
def test_row_55_runs_of_others_are_only_counted(service: Service) -> None:
    spec = service.spec()
    record, there = service.serving(spec)
    made = service.plan(
        service.want(spec), state_of(record), observed_of(*there, a_run("tunedModels/x", backend="gemini"))
    )
    assert [d.code for d in made.diagnostics] == ["unmanaged"]


@row(56)
def test_row_56_a_lost_state_is_rebuilt_from_what_is_there(service: Service) -> None:
    spec = service.spec()
    _, there = service.serving(spec)
    assert service.steps(spec, state_of(), *there) == [("adopt", "labelled_run_found")]


@row()
def test_nothing_is_to_be_done_about_what_serves_as_declared(service: Service) -> None:
    record, there = service.serving(service.spec())
    assert service.steps(service.spec(), state_of(record), *there) == []


@row()
def test_what_could_not_be_read_is_never_called_missing(service: Service) -> None:
    spec = service.spec()
    record, _ = service.serving(spec)
    made = service.plan(service.want(spec), state_of(record), observed_of(Unreadable(service.backend, "403")))
    assert not made.complete
    assert steps(made, "m") == []


@row()
def test_protection_wins_over_removal(service: Service) -> None:
    record, there = service.serving(service.spec())
    protected = replace(record, prevent_destroy=True)
    assert service.steps(None, state_of(protected), *there) == [("hold", "prevent_destroy")]


EXCUSED[37] |= {"gemini": NO_CHECKPOINTS, "palm": NO_CHECKPOINTS}
EXCUSED[53] |= {"gemini": NO_CHECKPOINTS, "palm": NO_CHECKPOINTS}


@pytest.mark.parametrize("number", range(1, 57))
def test_every_row_runs_against_every_service_or_says_why_not(number: int) -> None:
    missing = set(BACKENDS) - COVERED[number] - EXCUSED[number].keys()
    assert not missing - {"vertex"}
    assert "vertex" not in missing or f"test_row_{number:02}_" in VERTEX_ROWS
