"""Lists: every object once, in order, whatever the page size; checked against a list made by hand."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.emulator.storage.listing import MAX_RESULTS, ListQuery, list_page, list_query

NAMES = st.lists(st.text("ab/é", min_size=1, max_size=6), unique=True, max_size=30).map(sorted)
SHORT = st.text("ab/é", max_size=2)


def all_pages(names: list[str], **query: object) -> tuple[list[str], list[str]]:
    """Names and prefixes of all pages, one after the other."""
    found: list[str] = []
    prefixes: list[str] = []
    token: str | None = ""
    while token is not None:
        page = list_page(names, list_query({**{k: str(v) for k, v in query.items()}, "pageToken": token}))
        assert len(page.names) + len(page.prefixes) <= int(str(query["maxResults"]))
        found += page.names
        prefixes += page.prefixes
        token = page.next_token
    return found, prefixes


@given(NAMES, SHORT, st.integers(1, 5), SHORT, SHORT)
def test_pages_together_are_what_lies_within_the_bounds(
    names: list[str], prefix: str, size: int, start: str, end: str
) -> None:
    wanted = [n for n in names if n.startswith(prefix) and n >= start and (not end or n < end)]
    assert all_pages(names, prefix=prefix, maxResults=size, startOffset=start, endOffset=end) == (wanted, [])


@given(NAMES, SHORT, st.integers(1, 5))
def test_names_beyond_a_delimiter_appear_as_their_folder_once(names: list[str], prefix: str, size: int) -> None:
    below = [n for n in names if n.startswith(prefix)]
    wanted = [n for n in below if "/" not in n[len(prefix) :]]
    folders = {prefix + n[len(prefix) :].split("/")[0] + "/" for n in below if "/" in n[len(prefix) :]}
    assert all_pages(names, prefix=prefix, delimiter="/", maxResults=size) == (wanted, sorted(folders))


def test_a_page_has_at_most_a_thousand_names() -> None:
    names = [f"{n:05}" for n in range(2500)]
    page = list_page(names, list_query({"maxResults": "5000"}))
    assert len(page.names) == MAX_RESULTS
    assert list_page(names, ListQuery(limit=10)).names == names[:10]


def test_pages_over_http_carry_resources_and_a_token(http: httpx.Client, bucket: str) -> None:
    for name in ("a/1", "a/2", "b", "c"):
        http.post(f"/upload/storage/v1/b/{bucket}/o", params={"uploadType": "media", "name": name}, content=b"x")
    first = http.get(f"/storage/v1/b/{bucket}/o", params={"delimiter": "/", "maxResults": "2"}).json()
    assert first["prefixes"] == ["a/"]
    assert [item["name"] for item in first["items"]] == ["b"]
    query = {"delimiter": "/", "maxResults": "2", "pageToken": first["nextPageToken"]}
    second = http.get(f"/storage/v1/b/{bucket}/o", params=query).json()
    assert [item["name"] for item in second["items"]] == ["c"]
    assert "nextPageToken" not in second


def test_an_empty_bucket_lists_nothing(http: httpx.Client, bucket: str) -> None:
    assert http.get(f"/storage/v1/b/{bucket}/o").json() == {"kind": "storage#objects"}


@pytest.mark.parametrize("token", ["!", "AAA", "_w=="])
def test_a_page_token_that_was_never_given_is_refused(http: httpx.Client, bucket: str, token: str) -> None:
    assert http.get(f"/storage/v1/b/{bucket}/o", params={"pageToken": token}).status_code == 400
