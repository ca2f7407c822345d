"""The XML API, as far as the object_store crate uses it."""

import re
from xml.etree import ElementTree

import httpx
import pytest

NAME = "/state/ü%20%26%20b"


def texts(answer: httpx.Response, name: str) -> list[str]:
    """The texts of all elements of that name."""
    root = ElementTree.fromstring(answer.content)
    return [each.text or "" for each in root.iter() if each.tag.rpartition("}")[2] == name]


def test_an_object_is_written_read_and_deleted(http: httpx.Client, bucket: str) -> None:
    url = f"/{bucket}{NAME}"
    written = http.put(url, content=b"123456789", headers={"content-type": "text/x", "x-goog-meta-k": "v"})
    assert written.headers["etag"] == '"25f9e794323b453885f5181f1b624d0b"'
    read = http.get(url)
    assert read.content == b"123456789"
    assert read.headers["content-type"] == "text/x"
    assert read.headers["x-goog-generation"] == written.headers["x-goog-generation"]
    assert http.head(url).headers["content-length"] == "9"
    assert http.get(url, headers={"range": "bytes=0-1"}).content == b"12"
    told = http.get(f"/storage/v1/b/{bucket}/o/state%2Fü%20%26%20b").json()
    assert told["metadata"] == {"k": "v"}
    assert http.delete(url).status_code == 204
    missing = http.get(url)
    assert (missing.status_code, texts(missing, "Code")) == (404, ["NoSuchKey"])


def test_a_write_happens_only_at_the_generation_it_expects(http: httpx.Client, bucket: str) -> None:
    def put(generation: str) -> httpx.Response:
        return http.put(f"/{bucket}/thing", content=b"x", headers={"x-goog-if-generation-match": generation})

    first = put("0")
    assert first.status_code == 200
    assert put("0").status_code == 412
    assert texts(put("0"), "Code") == ["PreconditionFailed"]
    assert put(first.headers["x-goog-generation"]).status_code == 200
    assert put(first.headers["x-goog-generation"]).status_code == 412


def test_a_read_depends_on_what_is_known(http: httpx.Client, bucket: str) -> None:
    tag = http.put(f"/{bucket}/thing", content=b"x").headers["etag"]
    assert http.get(f"/{bucket}/thing", headers={"if-none-match": tag}).status_code == 304
    assert http.get(f"/{bucket}/thing", headers={"if-match": tag}).status_code == 200
    assert http.get(f"/{bucket}/thing", headers={"if-match": '"other"'}).status_code == 412


def test_objects_are_listed_over_pages(http: httpx.Client, bucket: str) -> None:
    for name in ("a/1", "a/2", "b", "c&<"):
        http.put(f"/{bucket}/{name}", content=b"x")
    found: list[str] = []
    query = {"list-type": "2", "max-keys": "3"}
    while True:
        page = http.get(f"/{bucket}", params=query)
        found += texts(page, "Key")
        if texts(page, "IsTruncated") == ["false"]:
            break
        query["continuation-token"] = texts(page, "NextContinuationToken")[0]
    assert found == ["a/1", "a/2", "b", "c&<"]
    folders = http.get(f"/{bucket}/", params={"list-type": "2", "delimiter": "/", "start-after": "a/"})
    assert (texts(folders, "Key"), texts(folders, "CommonPrefixes")) == (["b", "c&<"], [])
    assert texts(http.get(f"/{bucket}", params={"list-type": "2", "prefix": "a/"}), "Key") == ["a/1", "a/2"]
    assert texts(http.get("/no-such-bucket", params={"list-type": "2"}), "Code") == ["NoSuchBucket"]


def test_an_object_is_copied_only_where_none_is(http: httpx.Client, bucket: str) -> None:
    http.put(f"/{bucket}/a b", content=b"copied")
    headers = {"x-goog-copy-source": f"{bucket}/a%20b", "x-goog-if-generation-match": "0"}
    assert http.put(f"/{bucket}/to", headers=headers).status_code == 200
    assert http.get(f"/{bucket}/to").content == b"copied"
    assert http.put(f"/{bucket}/to", headers=headers).status_code == 412


def test_a_large_object_arrives_in_parts(http: httpx.Client, bucket: str) -> None:
    url = f"/{bucket}/large"
    [upload_id] = texts(http.post(f"{url}?uploads", headers={"content-type": "text/x"}), "UploadId")
    tags = {
        number: http.put(url, params={"partNumber": number, "uploadId": upload_id}, content=part).headers["etag"]
        for number, part in ((2, b"world"), (1, b"hello "))
    }
    named = "".join(f"<Part><PartNumber>{n}</PartNumber><ETag>{tags[n]}</ETag></Part>" for n in (1, 2))
    whole = f"<CompleteMultipartUpload>{named}</CompleteMultipartUpload>"
    assert http.get(url).status_code == 404
    assert http.post(url, params={"uploadId": upload_id}, content=whole).status_code == 200
    assert http.get(url).content == b"hello world"
    assert http.get(url).headers["content-type"] == "text/x"
    assert http.post(url, params={"uploadId": upload_id}, content=whole).status_code == 404


def test_an_upload_is_completed_only_with_parts_that_arrived(http: httpx.Client, bucket: str) -> None:
    url = f"/{bucket}/large"
    [upload_id] = texts(http.post(f"{url}?uploads"), "UploadId")
    part = "<Part><PartNumber>1</PartNumber></Part>"
    assert http.post(url, params={"uploadId": upload_id}, content=part).status_code == 400
    assert http.delete(url, params={"uploadId": upload_id}).status_code == 204
    assert http.delete(url, params={"uploadId": upload_id}).status_code == 404


@pytest.mark.parametrize(
    "path", ["/v1/projects/p", "/v1beta/models", "/upload/x", "/storage/v2/b", "/_emulator/nothing"]
)
def test_paths_of_other_apis_are_no_buckets(http: httpx.Client, path: str) -> None:
    answer = http.put(path, content=b"x")
    assert answer.status_code == 404
    assert not re.search("<Error>", answer.text)
