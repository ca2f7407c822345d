"""Objects and buckets over HTTP, as the Cloud Storage JSON API answers."""

import base64
import hashlib
from typing import Any
from urllib.parse import quote

import httpx
import pytest


def put(http: httpx.Client, bucket: str, name: str, content: bytes = b"content", **query: str) -> httpx.Response:
    params = {"uploadType": "media", "name": name, **query}
    return http.post(
        f"/upload/storage/v1/b/{bucket}/o", params=params, content=content, headers={"content-type": "text/plain"}
    )


def object_url(bucket: str, name: str) -> str:
    return f"/storage/v1/b/{bucket}/o/{quote(name, safe='')}"


def get(http: httpx.Client, bucket: str, name: str, **query: str) -> httpx.Response:
    return http.get(object_url(bucket, name), params=query)


def error(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["errors"][0]["reason"]


def test_an_object_is_told_with_its_size_and_checksums(http: httpx.Client, bucket: str) -> None:
    put(http, bucket, "a/b.txt", b"123456789")
    told = get(http, bucket, "a/b.txt").json()
    assert told["size"] == "9"
    assert told["contentType"] == "text/plain"
    assert base64.b64decode(told["crc32c"]).hex() == "e3069283"
    assert base64.b64decode(told["md5Hash"]) == hashlib.md5(b"123456789").digest()
    assert told["id"] == f"{bucket}/a/b.txt/{told['generation']}"


def test_content_comes_back_as_it_went(http: httpx.Client, bucket: str) -> None:
    content = bytes(range(256)) * 1000
    put(http, bucket, "bytes", content)
    for url in (object_url(bucket, "bytes"), f"/download{object_url(bucket, 'bytes')}"):
        answer = http.get(url, params={"alt": "media"})
        assert answer.content == content
        assert answer.headers["content-type"] == "text/plain"


def test_the_media_link_leads_to_the_content_of_that_generation(http: httpx.Client, bucket: str) -> None:
    link = put(http, bucket, "ä b/c?", b"x").json()["mediaLink"]
    assert http.get(link).content == b"x"
    put(http, bucket, "ä b/c?", b"y")
    assert http.get(link).status_code == 404


def test_generations_rise_with_every_write(http: httpx.Client, bucket: str) -> None:
    generations = [int(put(http, bucket, "thing").json()["generation"]) for _ in range(5)]
    assert generations == sorted(set(generations))


@pytest.mark.parametrize(
    "name", ["with space", "a/b/c", "ünïcode/日本", "100%", "q?x=1&y", "a+b", "../up", "a//b", "#"]
)
def test_any_name_can_be_written_and_read(http: httpx.Client, bucket: str, name: str) -> None:
    assert put(http, bucket, name).json()["name"] == name
    assert get(http, bucket, name).json()["name"] == name
    assert [item["name"] for item in http.get(f"/storage/v1/b/{bucket}/o").json()["items"]] == [name]


@pytest.mark.parametrize("name", ["", ".", "..", "a\nb", "x" * 1025])
def test_names_that_cloud_storage_refuses_are_refused(http: httpx.Client, bucket: str, name: str) -> None:
    assert put(http, bucket, name).status_code == 400


def test_a_slash_that_is_not_escaped_is_no_part_of_a_name(http: httpx.Client, bucket: str) -> None:
    put(http, bucket, "a/b")
    assert http.get(f"/storage/v1/b/{bucket}/o/a/b").status_code == 404


def test_what_does_not_exist_is_a_404_that_says_what(http: httpx.Client, bucket: str) -> None:
    missing = get(http, bucket, "nothing")
    assert error(missing) == (404, "notFound")
    assert missing.json()["error"]["message"] == f"No such object: {bucket}/nothing"
    assert error(get(http, "no-such-bucket", "thing")) == (404, "notFound")
    assert error(http.get("/storage/v1/b/no-such-bucket/o")) == (404, "notFound")
    assert error(http.delete(object_url(bucket, "nothing"))) == (404, "notFound")
    assert get(http, bucket, "nothing", alt="media").text == f"No such object: {bucket}/nothing"


def test_the_first_upload_makes_its_bucket(http: httpx.Client) -> None:
    assert http.get("/storage/v1/b/made-by-upload").status_code == 404
    assert put(http, "made-by-upload", "thing").status_code == 200
    assert http.get("/storage/v1/b/made-by-upload").json()["name"] == "made-by-upload"


@pytest.mark.parametrize(
    ("condition", "value", "status"),
    [
        ("ifGenerationMatch", "{generation}", 200),
        ("ifGenerationMatch", "0", 412),
        ("ifGenerationMatch", "5", 412),
        ("ifGenerationNotMatch", "5", 200),
        ("ifGenerationNotMatch", "{generation}", 412),
        ("ifMetagenerationMatch", "1", 200),
        ("ifMetagenerationMatch", "2", 412),
        ("ifMetagenerationNotMatch", "1", 412),
        ("ifGenerationMatch", "five", 400),
    ],
)
def test_a_write_is_carried_out_only_under_its_condition(
    http: httpx.Client, bucket: str, condition: str, value: str, status: int
) -> None:
    generation = put(http, bucket, "thing", b"old").json()["generation"]
    answer = put(http, bucket, "thing", b"new", **{condition: value.format(generation=generation)})
    assert answer.status_code == status
    assert get(http, bucket, "thing", alt="media").content == (b"new" if status == 200 else b"old")


def test_a_condition_that_does_not_hold_is_told_as_google_tells_it(http: httpx.Client, bucket: str) -> None:
    put(http, bucket, "thing")
    assert error(put(http, bucket, "thing", ifGenerationMatch="0")) == (412, "conditionNotMet")


def test_generation_zero_creates_only_once(http: httpx.Client, bucket: str) -> None:
    assert put(http, bucket, "lock", ifGenerationMatch="0").status_code == 200
    assert put(http, bucket, "lock", ifGenerationMatch="0").status_code == 412


def test_a_read_of_what_is_known_already_is_304(http: httpx.Client, bucket: str) -> None:
    generation = put(http, bucket, "thing").json()["generation"]
    answer = get(http, bucket, "thing", ifGenerationNotMatch=generation)
    assert (answer.status_code, answer.content) == (304, b"")
    assert get(http, bucket, "thing", alt="media", ifGenerationNotMatch="1").status_code == 200
    assert get(http, bucket, "thing", ifGenerationMatch="1").status_code == 412


def test_an_object_is_deleted_once_and_only_under_its_condition(http: httpx.Client, bucket: str) -> None:
    put(http, bucket, "thing")
    assert http.delete(object_url(bucket, "thing"), params={"ifGenerationMatch": "1"}).status_code == 412
    assert http.delete(object_url(bucket, "thing"), params={"generation": "1"}).status_code == 404
    assert http.delete(object_url(bucket, "thing")).status_code == 204
    assert http.delete(object_url(bucket, "thing")).status_code == 404


@pytest.mark.parametrize(
    ("asked", "status", "content", "told"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=8-", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=10-", 416, None, "bytes */10"),
        ("lines=1-2", 200, b"0123456789", None),
    ],
)
def test_a_part_of_the_content_can_be_read(
    http: httpx.Client, bucket: str, asked: str, status: int, content: bytes | None, told: str | None
) -> None:
    put(http, bucket, "thing", b"0123456789")
    answer = http.get(object_url(bucket, "thing"), params={"alt": "media"}, headers={"range": asked})
    assert (answer.status_code, answer.headers.get("content-range")) == (status, told)
    assert content is None or answer.content == content


def test_metadata_is_changed_key_by_key_and_counted(http: httpx.Client, bucket: str) -> None:
    before = put(http, bucket, "thing").json()
    url = object_url(bucket, "thing")
    http.patch(url, json={"metadata": {"a": "1", "b": "2"}, "cacheControl": "no-store"})
    after = http.patch(url, json={"metadata": {"a": None, "c": "3"}, "cacheControl": None}).json()
    assert after["metadata"] == {"b": "2", "c": "3"}
    assert "cacheControl" not in after
    assert (after["generation"], after["metageneration"]) == (before["generation"], "3")
    assert http.patch(url, json={"contentType": "x/y"}, params={"ifMetagenerationMatch": "1"}).status_code == 412


def test_an_update_replaces_all_metadata(http: httpx.Client, bucket: str) -> None:
    put(http, bucket, "thing")
    url = object_url(bucket, "thing")
    http.patch(url, json={"metadata": {"a": "1"}})
    replaced = http.put(url, json={"contentType": "x/y"}).json()
    assert replaced["contentType"] == "x/y"
    assert "metadata" not in replaced


@pytest.mark.parametrize("fields", [{"contentType": 5}, {"metadata": "x"}, {"metadata": {"a": 1}}])
def test_metadata_of_the_wrong_type_is_refused(http: httpx.Client, bucket: str, fields: dict[str, Any]) -> None:
    put(http, bucket, "thing")
    assert error(http.patch(object_url(bucket, "thing"), json=fields)) == (400, "invalid")


@pytest.mark.parametrize("verb", ["copyTo", "rewriteTo"])
def test_an_object_is_copied_with_its_metadata(http: httpx.Client, bucket: str, verb: str) -> None:
    put(http, bucket, "a/from", b"copied")
    answer = http.post(f"{object_url(bucket, 'a/from')}/{verb}/b/{bucket}/o/{quote('b/to', safe='')}").json()
    assert (answer["resource"] if verb == "rewriteTo" else answer)["contentType"] == "text/plain"
    assert get(http, bucket, "b/to", alt="media").content == b"copied"


def test_a_copy_is_made_only_under_the_condition_on_its_source(http: httpx.Client, bucket: str) -> None:
    put(http, bucket, "from")
    url = f"{object_url(bucket, 'from')}/copyTo/b/{bucket}/o/to"
    assert http.post(url, params={"ifSourceGenerationMatch": "1"}).status_code == 412


def test_a_bucket_that_exists_or_holds_objects_is_a_conflict(http: httpx.Client, bucket: str) -> None:
    assert error(http.post("/storage/v1/b", params={"project": "p"}, json={"name": bucket})) == (409, "conflict")
    put(http, bucket, "thing")
    assert error(http.delete(f"/storage/v1/b/{bucket}")) == (409, "conflict")
    http.delete(object_url(bucket, "thing"))
    assert http.delete(f"/storage/v1/b/{bucket}").status_code == 204
    assert http.get(f"/storage/v1/b/{bucket}").status_code == 404


@pytest.mark.parametrize("name", ["", "ab", "Upper", "-x-", "a b", "x" * 300])
def test_bucket_names_that_cloud_storage_refuses_are_refused(http: httpx.Client, name: str) -> None:
    assert error(http.post("/storage/v1/b", params={"project": "p"}, json={"name": name})) == (400, "invalid")


def test_buckets_are_listed(http: httpx.Client, bucket: str) -> None:
    listed = http.get("/storage/v1/b", params={"project": "p", "prefix": bucket}).json()
    assert [item["name"] for item in listed["items"]] == [bucket]
    assert error(http.get("/storage/v1/b")) == (400, "required")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_a_body_that_is_no_json_object_is_a_parse_error(http: httpx.Client, bucket: str, body: bytes) -> None:
    put(http, bucket, "thing")
    assert error(http.patch(object_url(bucket, "thing"), content=body)) == (400, "parseError")


@pytest.mark.parametrize("query", [{"versions": "true"}, {"matchGlob": "*"}, {"softDeleted": "true"}])
def test_what_is_not_emulated_says_so(http: httpx.Client, bucket: str, query: dict[str, str]) -> None:
    assert error(http.get(f"/storage/v1/b/{bucket}/o", params=query)) == (501, "notImplemented")
