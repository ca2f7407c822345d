"""Who sees which tuned models of the Gemini API: lists, filters, permissions, owners."""

import pytest

from reconciler.emulator.options import Options
from reconciler.emulator.testing import RunningEmulator
from tests.emulator.gemini import Gemini, model_body

NAME = "tunedModels/next-number"
STRANGER = {"granteeType": "USER", "emailAddress": "stranger@example.com"}
EVERYONE = {"granteeType": "EVERYONE", "role": "READER"}
PROMPT = {"contents": [{"parts": [{"text": "1"}]}]}


def test_a_page_has_ten_models_unless_more_are_asked_for(gemini: Gemini) -> None:
    for number in range(12):
        gemini.create(f"model-{number}")
    first = gemini.ok("GET", "tunedModels")
    rest = gemini.ok("GET", "tunedModels", pageToken=first["nextPageToken"])
    assert (len(first["tunedModels"]), len(rest["tunedModels"]), "nextPageToken" in rest) == (10, 2, False)
    assert len(gemini.names(pageSize=1000)) == 12


def test_other_parameters_must_stay_the_same_from_page_to_page(gemini: Gemini) -> None:
    for number in range(3):
        gemini.create(f"model-{number}")
    token = gemini.ok("GET", "tunedModels", pageSize=1)["nextPageToken"]
    gemini.refused(400, "INVALID_ARGUMENT", "GET", "tunedModels", pageToken=token, filter="owner:me")


def test_words_are_sought_in_description_and_display_name(gemini: Gemini) -> None:
    gemini.create("a", model_body(displayName="Support triage"))
    gemini.create("b", model_body(displayName="b", description="for support"))
    gemini.create("c", model_body(displayName="c"))
    assert gemini.names(filter="support") == ["tunedModels/b", "tunedModels/a"]
    assert gemini.names(filter="owner:me triage") == ["tunedModels/a"]


def test_an_unknown_term_is_refused(gemini: Gemini) -> None:
    gemini.refused(400, "INVALID_ARGUMENT", "GET", "tunedModels", filter="state:ACTIVE")


def test_only_asked_for_fields_come_back(gemini: Gemini) -> None:
    gemini.tuned()
    page = gemini.ok(
        "GET", "tunedModels", fields="tunedModels(name,tuningTask/hyperparameters/batchSize),nextPageToken"
    )
    assert page == {"tunedModels": [{"name": NAME, "tuningTask": {"hyperparameters": {"batchSize": 2}}}]}


@pytest.mark.parametrize("fields", ["tunedModels(nam)", "tunedModels(name", "a b", "tunedModels/", "name/x"])
def test_a_selection_of_fields_there_are_not_is_refused(gemini: Gemini, fields: str) -> None:
    gemini.refused(400, "INVALID_ARGUMENT", "GET", "tunedModels", fields=fields)


def test_others_do_not_see_what_is_not_shared(gemini: Gemini, stranger: Gemini) -> None:
    operation = gemini.create()
    assert stranger.names() == []
    for method, path in (("PATCH", NAME), ("DELETE", NAME), ("GET", f"{NAME}/permissions"), ("GET", operation["name"])):
        stranger.refused(403, "PERMISSION_DENIED", method, path, {} if method == "PATCH" else None)


def test_a_reader_reads_and_asks_and_changes_nothing(gemini: Gemini, stranger: Gemini) -> None:
    gemini.tuned()
    gemini.ok("POST", f"{NAME}/permissions", STRANGER | {"role": "READER"})
    assert stranger.names(filter="readers:me") == [NAME]
    assert stranger.names(filter="owner:me") == []
    stranger.ask(NAME, "12")
    stranger.refused(403, "PERMISSION_DENIED", "PATCH", NAME, {"description": "mine"}, updateMask="description")


def test_a_writer_changes_and_shares_and_does_not_delete(gemini: Gemini, stranger: Gemini) -> None:
    gemini.tuned()
    gemini.ok("POST", f"{NAME}/permissions", STRANGER | {"role": "WRITER"})
    assert stranger.names(filter="writers:me") == [NAME]
    stranger.ok("PATCH", NAME, {"description": "ours"}, updateMask="description")
    stranger.ok("POST", f"{NAME}/permissions", {"granteeType": "GROUP", "emailAddress": "g@a.com", "role": "READER"})
    stranger.refused(403, "PERMISSION_DENIED", "DELETE", NAME)


def test_a_model_for_everyone_is_listed_only_when_asked_for(gemini: Gemini, stranger: Gemini) -> None:
    gemini.tuned()
    gemini.ok("POST", f"{NAME}/permissions", EVERYONE)
    assert (stranger.names(), stranger.names(filter="readers:everyone")) == ([], [NAME])
    assert stranger.get(NAME)["state"] == "ACTIVE"


def test_projects_that_may_read_are_named_by_number(gemini: Gemini, emulator: RunningEmulator) -> None:
    gemini.create(body=model_body(readerProjectNumbers=["123456789012"]))
    with Gemini(emulator, "123456789012") as reader:
        assert reader.get(NAME)["readerProjectNumbers"] == ["123456789012"]


def test_the_owner_has_a_permission_that_stays(gemini: Gemini) -> None:
    gemini.create()
    [owner] = gemini.get(f"{NAME}/permissions")["permissions"]
    assert owner["role"] == "OWNER"
    gemini.refused(400, "FAILED_PRECONDITION", "DELETE", owner["name"])
    gemini.refused(400, "FAILED_PRECONDITION", "PATCH", owner["name"], {"role": "READER"}, updateMask="role")


def test_a_permission_is_created_read_changed_and_deleted(gemini: Gemini) -> None:
    gemini.create()
    made = gemini.ok("POST", f"{NAME}/permissions", STRANGER | {"role": "READER"})
    assert gemini.get(made["name"]) == made
    changed = gemini.ok("PATCH", made["name"], {"role": "WRITER"}, updateMask="role")
    assert changed == made | {"role": "WRITER"}
    assert gemini.ok("DELETE", made["name"]) == {}
    gemini.refused(404, "NOT_FOUND", "GET", made["name"])


def test_the_mask_of_a_permission_must_be_its_role(gemini: Gemini) -> None:
    gemini.create()
    name = gemini.ok("POST", f"{NAME}/permissions", STRANGER | {"role": "READER"})["name"]
    gemini.refused(400, "INVALID_ARGUMENT", "PATCH", name, {"role": "WRITER"})
    gemini.refused(400, "INVALID_ARGUMENT", "PATCH", name, {"role": "WRITER"}, updateMask="emailAddress")


@pytest.mark.parametrize(
    "body",
    [
        {"granteeType": "USER", "role": "READER"},
        {"granteeType": "EVERYONE", "emailAddress": "a@b.c", "role": "READER"},
        {"granteeType": "USER", "emailAddress": "a@b.c", "role": "OWNER"},
        {"granteeType": "USER", "emailAddress": "a@b.c"},
        {"emailAddress": "a@b.c", "role": "READER"},
    ],
)
def test_permissions_that_are_refused(gemini: Gemini, body: dict[str, str]) -> None:
    gemini.create()
    gemini.refused(400, "INVALID_ARGUMENT", "POST", f"{NAME}/permissions", body)


def test_nobody_has_two_permissions(gemini: Gemini) -> None:
    gemini.create()
    gemini.ok("POST", f"{NAME}/permissions", EVERYONE)
    gemini.refused(409, "ALREADY_EXISTS", "POST", f"{NAME}/permissions", EVERYONE)


def test_who_gives_a_model_away_stays_its_writer(gemini: Gemini, stranger: Gemini) -> None:
    gemini.create()
    body = {"emailAddress": "stranger@example.com"}
    assert gemini.ok("POST", f"{NAME}:transferOwnership", body) == {}
    gemini.refused(403, "PERMISSION_DENIED", "DELETE", NAME)
    assert gemini.names(filter="writers:me") == [NAME]
    stranger.ok("DELETE", NAME)


def test_a_new_model_may_be_missing_from_lists_for_a_while() -> None:
    with RunningEmulator(Options(list_lag=5)) as emulator, Gemini(emulator) as gemini:
        gemini.create()
        assert (gemini.names(), gemini.get(NAME)["name"]) == ([], NAME)
        gemini.admin.advance(6)
        assert gemini.names() == [NAME]


def test_an_answer_may_be_lost_after_the_model_was_made(gemini: Gemini) -> None:
    gemini.admin.add_fault(kind="status", match={"method": "POST", "path": "/tunedModels$"}, commit=True)
    assert gemini.send("POST", "tunedModels", model_body(), tunedModelId="next-number").status_code == 503
    gemini.admin.clear_faults()
    assert gemini.names() == [NAME]
