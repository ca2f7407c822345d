"""What a saved plan approves, and what it does not."""

from typing import Any

import pytest

from reconciler.applying.approval import check_saved
from reconciler.core.desired import TunedModel
from reconciler.core.plan import Plan
from reconciler.core.plan_codec import plan_to_dict
from reconciler.errors import Held
from tests.planning.build import dataset, desired, model, observed, plan, state, stored, supervised


def creating(spec: TunedModel, *others: Any) -> Plan:
    return plan(desired(spec, *others), state(), observed(stored()))


def test_a_paid_create_is_approved_with_the_hyper_parameters_that_were_reviewed() -> None:
    reviewed = plan_to_dict(creating(model(body=supervised(learningRateMultiplier=1.0))), "1")
    check_saved(creating(model(body=supervised(learningRateMultiplier=1.0))), reviewed)
    with pytest.raises(Held, match="create TunedModel/m"):
        check_saved(creating(model(body=supervised(learningRateMultiplier=2.0))), reviewed)


def test_the_order_in_which_a_spec_is_written_changes_no_approval() -> None:
    body = supervised(epochCount=3, adapterSize="ADAPTER_SIZE_FOUR")
    hyper = body["supervisedTuningSpec"]["hyperParameters"]
    turned = dict(reversed(body.items()))
    turned["supervisedTuningSpec"] = {**body["supervisedTuningSpec"], "hyperParameters": dict(reversed(hyper.items()))}
    check_saved(creating(model(body=turned)), plan_to_dict(creating(model(body=body)), "1"))


def test_an_upload_that_somebody_else_did_meanwhile_takes_nothing_from_an_approval() -> None:
    spec = model(body=supervised("Dataset/d"))
    reviewed = plan_to_dict(creating(spec, dataset()), "1")
    uploaded = stored(dataset().uri("a" * 64))
    check_saved(plan(desired(spec, dataset()), state(), observed(uploaded)), reviewed)
