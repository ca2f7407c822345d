"""Memory stays bounded however large a file or a line is. Each file is read in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.datasets.conftest import jsonl, supervised

READ = """
import json, sys
from pathlib import Path
from reconciler.datasets.inspect import inspect_dataset
found = inspect_dataset(sys.argv[1], "supervised", root="/", label="data.jsonl")
print(json.dumps({
    "codes": sorted({d.code for d in found.diagnostics}),
    "rows": found.stats.rows,
    "kibibytes": int(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]),
}))
"""
# In MiB. A Python that has imported the package is at about 20 MiB.
LIMIT = 48

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")


def read(path: Path) -> dict[str, object]:
    done = subprocess.run([sys.executable, "-c", READ, str(path)], capture_output=True, check=True, timeout=60)
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def peak(answer: dict[str, object]) -> float:
    kibibytes = answer["kibibytes"]
    assert isinstance(kibibytes, int)
    return kibibytes / 1024


def test_a_sparse_file_of_a_tebibyte_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "sparse.jsonl"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    answer = read(path)
    assert answer["codes"] == ["dataset_too_large"]
    assert peak(answer) < LIMIT


def test_a_line_of_a_gigabyte_is_refused_after_its_first_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "line.jsonl"
    with path.open("wb") as file:
        file.write(jsonl([supervised()]))
        file.truncate(1 << 30)
    answer = read(path)
    assert answer["codes"] == ["dataset_line_too_long"]
    assert answer["rows"] == 1
    assert peak(answer) < LIMIT


def test_a_file_of_many_rows_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    block = jsonl([supervised(question="Where is my parcel? " * 20)] * 2000)
    with path.open("wb") as file:
        for _ in range(64):
            file.write(block)
    answer = read(path)
    assert answer["codes"] == []
    assert answer["rows"] == 128_000
    assert path.stat().st_size > 60 << 20
    assert peak(answer) < LIMIT


def test_a_row_of_a_million_unknown_fields_is_refused_quickly(tmp_path: Path) -> None:
    path = tmp_path / "fields.jsonl"
    path.write_text(json.dumps({f"x{n}": 0 for n in range(300_000)}) + "\n")
    assert read(path)["codes"] == ["dataset_unknown_field"]


def test_a_row_nested_a_million_deep_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deep.jsonl"
    path.write_text('{"tools": ' + '[{"a":' * 500_000 + "\n")
    assert read(path)["codes"] == ["dataset_json"]
