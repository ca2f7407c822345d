"""Whatever a spec's `file` points at, the answer is a place and a reason, at once and without harm."""

import hashlib
import os
import socket
import stat
import threading
from pathlib import Path

import pytest

from reconciler.datasets.inspect import inspect_dataset
from tests.datasets.conftest import Folder, at, jsonl, supervised, the_only

ROWS = jsonl([supervised(answer=f"Answer {n}.") for n in range(5)])


def test_a_good_file_is_counted_measured_and_digested(folder: Folder) -> None:
    found = folder.inspect(ROWS, "supervised")
    assert found.diagnostics == ()
    assert found.is_valid
    assert found.content is not None
    assert found.content.rows == 5
    assert found.content.size == len(ROWS)
    assert found.content.sha256 == hashlib.sha256(ROWS).hexdigest()


def test_the_digest_is_of_the_bytes_even_where_line_ends_differ(folder: Folder) -> None:
    unix = folder.inspect(ROWS, "supervised").content
    windows = folder.inspect(ROWS.replace(b"\n", b"\r\n"), "supervised").content
    assert unix is not None
    assert windows is not None
    assert (unix.rows, unix.tokens) == (windows.rows, windows.tokens)
    assert unix.sha256 != windows.sha256


def test_the_last_line_may_lack_its_line_feed(folder: Folder) -> None:
    found = folder.inspect(ROWS.rstrip(b"\n"), "supervised")
    assert found.diagnostics == ()
    assert found.stats.rows == 5


def test_rows_that_straddle_read_blocks_are_whole(folder: Folder) -> None:
    found = folder.inspect([supervised(answer="x" * 100_000) for _ in range(20)], "supervised")
    assert found.diagnostics == ()
    assert found.stats.rows == 20


@pytest.mark.parametrize("content", [b"", b"\n", b"\n  \n\r\n"])
def test_a_file_without_rows_is_an_error(folder: Folder, content: bytes) -> None:
    found = folder.inspect(content, "supervised")
    assert "dataset_empty" in {d.code for d in found.diagnostics}
    assert not found.is_valid


def test_blank_lines_are_warned_of_once_with_the_first(folder: Folder) -> None:
    found = folder.inspect(ROWS + b"\n\n", "supervised")
    warning = the_only(found)
    assert (warning.severity, warning.code, at(warning)) == ("warning", "dataset_blank_line", "data.jsonl:6:1")
    assert "1 more" in warning.message
    assert found.is_valid


def test_a_byte_order_mark_is_named(folder: Folder) -> None:
    found = the_only(folder.inspect(b"\xef\xbb\xbf" + ROWS, "supervised"))
    assert (found.code, at(found)) == ("dataset_encoding", "data.jsonl:1:1")
    assert "byte order mark" in found.message


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_named(folder: Folder, encoding: str) -> None:
    mark = b"\xff\xfe" if encoding.endswith("le") else b"\xfe\xff"
    found = the_only(folder.inspect(mark + ROWS.decode().encode(encoding), "supervised"))
    assert found.code == "dataset_encoding"
    assert "UTF-16" in found.message


def test_bytes_that_are_not_utf_8_are_found_with_line_and_column(folder: Folder) -> None:
    line = '{"contents": "né'.encode() + b'\xff"}\n'
    found = the_only(folder.inspect(ROWS + line, "supervised"))
    assert (found.code, at(found)) == ("dataset_encoding", "data.jsonl:6:17")


def test_bytes_between_values_that_are_not_utf_8_are_found_too(folder: Folder) -> None:
    found = the_only(folder.inspect(ROWS + b'{"contents": \xff}\n', "supervised"))
    assert (found.code, at(found)) == ("dataset_encoding", "data.jsonl:6:14")


def test_broken_json_on_the_last_line_is_found_with_line_and_column(folder: Folder) -> None:
    found = the_only(folder.inspect(ROWS + b'{"contents": [}', "supervised"))
    assert (found.code, at(found)) == ("dataset_json", "data.jsonl:6:15")


def test_a_row_cut_off_in_the_middle_is_said_to_be(folder: Folder) -> None:
    found = the_only(folder.inspect(ROWS[:-20], "supervised"))
    assert (found.code, found.source and found.source.line) == ("dataset_json", 5)
    assert "ends in the middle" in found.message


def test_json_spread_over_several_lines_is_said_to_need_one(folder: Folder) -> None:
    found = folder.inspect(b'{\n  "contents": []\n}\n', "supervised")
    assert "one line of its own" in found.diagnostics[0].hint


def test_every_wrong_line_is_told_in_order(folder: Folder) -> None:
    found = folder.inspect(b"x\n" + ROWS + b"y\n" + ROWS + b"z\n", "supervised")
    assert [d.source and d.source.line for d in found.diagnostics] == [1, 7, 13]
    assert found.content is not None
    assert found.content.rows == 13


def test_reading_stops_at_the_limit_of_errors_and_says_so(folder: Folder) -> None:
    found = folder.inspect(b"x\n" * 100, "supervised", max_errors=7)
    assert [d.code for d in found.diagnostics] == ["dataset_json"] * 7 + ["dataset_more_errors"]
    assert found.content is None


def test_a_missing_file_is_an_error_with_a_next_step(folder: Folder) -> None:
    found = the_only(folder.look_at("nowhere.jsonl"))
    assert found.code == "dataset_unreadable"
    assert "No such file" in found.message
    assert found.hint


def test_a_file_without_read_permission_is_an_error(folder: Folder) -> None:
    file = folder.write(ROWS)
    file.chmod(0)
    try:
        if os.access(file, os.R_OK):
            pytest.skip("this user may read everything")
        assert the_only(folder.look_at("data.jsonl")).code == "dataset_unreadable"
    finally:
        file.chmod(stat.S_IRUSR | stat.S_IWUSR)


@pytest.mark.parametrize("name", [".", "data\0.jsonl", "x" * 300])
def test_an_impossible_path_is_an_error(folder: Folder, name: str) -> None:
    assert the_only(folder.look_at(name)).code in ("dataset_not_a_file", "dataset_unreadable")


def test_a_fifo_is_refused_without_waiting_for_a_writer(folder: Folder) -> None:
    os.mkfifo(folder.path / "pipe")
    assert the_only(folder.look_at("pipe")).code == "dataset_not_a_file"


def test_a_socket_is_refused(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        assert the_only(folder.look_at("socket")).code in ("dataset_not_a_file", "dataset_unreadable")


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null"])
def test_a_device_is_refused(device: str) -> None:
    found = inspect_dataset(device, "supervised", root="/", label=device)
    assert the_only(found).code == "dataset_not_a_file"


@pytest.mark.parametrize("path", ["../outside.jsonl", "inner/../../outside.jsonl", "/etc/passwd", "/proc/self/environ"])
def test_a_path_that_leaves_the_project_is_refused_whether_or_not_it_exists(tmp_path: Path, path: str) -> None:
    (tmp_path / "project" / "inner").mkdir(parents=True)
    (tmp_path / "outside.jsonl").write_bytes(ROWS)
    found = inspect_dataset(path, "supervised", root=str(tmp_path / "project"), label=path)
    assert the_only(found).code == "dataset_outside_project"


def test_a_link_that_leaves_the_project_is_refused(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside.jsonl").write_bytes(ROWS)
    (project / "link.jsonl").symlink_to(tmp_path / "outside.jsonl")
    found = inspect_dataset("link.jsonl", "supervised", root=str(project), label="link.jsonl")
    assert the_only(found).code == "dataset_outside_project"


def test_a_linked_folder_that_leaves_the_project_is_refused(tmp_path: Path) -> None:
    project, outside = tmp_path / "project", tmp_path / "outside"
    project.mkdir()
    outside.mkdir()
    (outside / "data.jsonl").write_bytes(ROWS)
    (project / "data").symlink_to(outside)
    found = inspect_dataset("data/data.jsonl", "supervised", root=str(project), label="data/data.jsonl")
    assert the_only(found).code == "dataset_outside_project"


def test_a_link_that_stays_in_the_project_is_followed(folder: Folder) -> None:
    folder.write(ROWS, "real.jsonl")
    (folder.path / "link.jsonl").symlink_to("real.jsonl")
    assert folder.look_at("link.jsonl").is_valid


def test_links_in_a_circle_are_an_error(folder: Folder) -> None:
    (folder.path / "a").symlink_to("b")
    (folder.path / "b").symlink_to("a")
    assert the_only(folder.look_at("a")).code == "dataset_unreadable"


def test_a_project_that_is_itself_reached_by_a_link_works(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "data.jsonl").write_bytes(ROWS)
    (tmp_path / "project").symlink_to("real")
    found = inspect_dataset(
        str(tmp_path / "project" / "data.jsonl"), "supervised", root=str(tmp_path / "project"), label="data.jsonl"
    )
    assert found.is_valid


def test_a_file_that_grows_while_it_is_read_is_refused(folder: Folder) -> None:
    file = folder.write(ROWS * 20_000)
    stop = threading.Event()

    def grow() -> None:
        with file.open("ab") as end:
            while not stop.is_set():
                end.write(ROWS)
                end.flush()
                stop.wait(0.001)

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        found = folder.look_at("data.jsonl")
    finally:
        stop.set()
        writer.join()
    assert the_only(found).code == "dataset_changed"
    assert found.content is None


def test_a_diagnostic_carries_the_label_not_the_path(folder: Folder) -> None:
    folder.write(b"x\n")
    found = inspect_dataset(str(folder.path / "data.jsonl"), "supervised", root=str(folder.path), label="data/a.jsonl")
    assert at(the_only(found)) == "data/a.jsonl:1:1"
