"""The checker itself: it passes what is right, and each wrong thing is named."""

import json
from dataclasses import replace
from typing import Any

import httpx
import pytest

from reconciler.emulator.testing import RunningEmulator
from tests.conformance.conftest import PARENT, SUPERVISED
from tests.conformance.discovery import check_exchange, check_response
from tests.conformance.exchange import Exchange
from tests.conformance.recorder import Recorder, recording

JOBS = f"/v1/{PARENT}/tuningJobs"
JOB: dict[str, Any] = {
    "baseModel": "gemini-2.5-flash",
    "supervisedTuningSpec": {"trainingDatasetUri": SUPERVISED, "hyperParameters": {"epochCount": "3"}},
    "labels": {"team": "support"},
}
ANSWER: dict[str, Any] = {
    **JOB,
    "name": f"{PARENT}/tuningJobs/1",
    "state": "JOB_STATE_PENDING",
    "createTime": "2026-11-21T07:04:05.123456Z",
}


def exchange(
    *, method: str = "POST", target: str = JOBS, request: Any = JOB, status: int = 200, response: Any = ANSWER
) -> Exchange:
    return Exchange(
        method,
        target,
        {},
        b"" if request is None else json.dumps(request).encode(),
        status,
        {"content-type": "application/json; charset=UTF-8"},
        json.dumps(response).encode(),
    )


def with_spec(**fields: Any) -> dict[str, Any]:
    return {**JOB, "supervisedTuningSpec": {**JOB["supervisedTuningSpec"], **fields}}


def test_a_right_exchange_has_no_problems() -> None:
    assert check_exchange(exchange()) == []
    assert check_exchange(exchange(request={**JOB, "labels": None})) == []
    assert check_exchange(exchange(request=with_spec(hyperParameters={"epochCount": 3, "adapterSize": 2}))) == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (exchange(target=f"{JOBS}/1"), "no such method"),
        (exchange(method="DELETE", target=f"{JOBS}/1"), "no such method"),
        (exchange(target=f"/v2/{PARENT}/tuningJobs"), "no such method"),
        (exchange(target=f"{JOBS}?validateOnly=true"), "query validateOnly: unknown name"),
        (exchange(method="GET", target=f"{JOBS}?pageSize=x", request=None, response={}), "pageSize=x: wrong value"),
        (exchange(method="GET", target=f"{JOBS}?filter=a&filter=b", request=None, response={}), "filter: given twice"),
        (exchange(method="GET", request={"a": 1}, response={}), "none expected"),
        (exchange(request={**JOB, "epochs": 3}), "$.epochs: unknown name"),
        (exchange(request=with_spec(tuningMode="TUNING_MODE_FULL")), "$.supervisedTuningSpec.tuningMode: unknown name"),
        (exchange(request={"base_model": "x"}), "$.base_model: unknown name"),
        (exchange(request=with_spec(hyperParameters={"epochCount": "many"})), "is no int64"),
        (exchange(request=with_spec(hyperParameters={"epochCount": str(2**63)})), "is no int64"),
        (exchange(request=with_spec(hyperParameters={"adapterSize": "FOUR"})), "is none of ADAPTER_SIZE_UNSPECIFIED"),
        (exchange(request=with_spec(hyperParameters={"learningRateMultiplier": "1"})), "is no double"),
        (exchange(request=with_spec(exportLastCheckpointOnly="yes")), "is no boolean"),
        (exchange(request={**JOB, "labels": ["a"]}), "is no object"),
        (exchange(request={**JOB, "labels": {"a": 1}}), "$.labels.a: 1 is no string"),
    ],
)
def test_a_wrong_request_is_named(wrong: Exchange, named: str) -> None:
    [problem] = [problem for problem in check_exchange(wrong) if problem.startswith("request: ")]
    assert named in problem


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (exchange(response={**ANSWER, "status": "x"}), "$.status: unknown name"),
        (exchange(response={**ANSWER, "state": "PENDING"}), "is none of JOB_STATE_UNSPECIFIED"),
        (exchange(response={**ANSWER, "state": 1}), "is none of JOB_STATE_UNSPECIFIED"),
        (exchange(response={**ANSWER, "createTime": "today"}), "is no google-datetime"),
        (exchange(response={**ANSWER, "description": None}), "$.description: null"),
        (exchange(response=with_spec(hyperParameters={"epochCount": 3})), "$.supervisedTuningSpec.hyperParameters"),
        (exchange(response=[ANSWER]), "is no object"),
        (replace(exchange(), response_body=b"<html>"), "no JSON"),
        (replace(exchange(), response_headers={"content-type": "text/html"}), "content-type text/html"),
        (exchange(status=400, response={"message": "no"}), "without Google's error object"),
        (exchange(status=400, response={"error": {"code": 404, "message": "", "status": ""}}), "wrong error object"),
        (exchange(target=f"{JOBS}/1:frobnicate"), "answered although there is no such method"),
        (exchange(target=f"{JOBS}/1:cancel", request={}, response={"ok": True}), "$.ok: unknown name"),
    ],
)
def test_a_wrong_answer_is_named(wrong: Exchange, named: str) -> None:
    [problem] = [problem for problem in check_exchange(wrong) if problem.startswith("response: ")]
    assert named in problem


def test_what_an_operation_carries_is_checked_as_the_type_that_it_names() -> None:
    def finished(carried: dict[str, Any]) -> list[str]:
        answer = {"name": f"{PARENT}/operations/1", "done": True, "response": carried}
        return check_response(
            exchange(method="GET", target=f"/v1/{PARENT}/operations/1", request=None, response=answer)
        )

    kind = "type.googleapis.com/google.cloud.aiplatform.v1.Endpoint"
    assert finished({"@type": kind, "displayName": "x"}) == []
    assert "$.response.display_name: unknown name" in finished({"@type": kind, "display_name": "x"})[0]
    assert "$.response: no @type" in finished({"displayName": "x"})[0]


def test_a_refusal_of_what_no_document_has_is_right() -> None:
    assert check_response(exchange(method="PATCH", target=f"{JOBS}/1", status=404, response="<html>")) == []


def test_an_answer_that_was_lost_after_the_commit_is_no_wrong_answer(
    emulator: RunningEmulator, recorder: Recorder
) -> None:
    emulator.admin.add_fault(kind="drop_after_commit", match={"method": "POST", "path": "/tuningJobs$"})
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.post(f"{recorder.url}{JOBS}", json=JOB)
    [lost] = recorder.exchanges
    assert lost.status == 0
    assert json.loads(lost.request_body) == JOB
    assert check_exchange(lost) == []
    assert len(httpx.get(f"{recorder.url}{JOBS}").json()["tuningJobs"]) == 1


def test_an_httpx_client_can_be_recorded_without_a_server_in_between(running: RunningEmulator) -> None:
    exchanges: list[Exchange] = []
    with httpx.Client(base_url=running.url, event_hooks=recording(exchanges)) as client:
        client.post(JOBS, json={"baseModel": "gemini-2.5-flash", "bogus": 1})
        client.get(f"{JOBS}?pageSize=2")
        client.request("PATCH", f"{JOBS}/1", json={})
    created, listed, patched = exchanges
    assert check_exchange(listed) == []
    assert created.status == 400
    assert "$.bogus: unknown name" in check_exchange(created)[0]
    assert patched.status == 404
    assert check_response(patched) == []
