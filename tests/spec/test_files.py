"""Which files are specs, and that nothing outside the project is ever read."""

import os
from pathlib import Path

import pytest

from reconciler.core.address import Address
from reconciler.spec import files as files_module
from reconciler.spec import load as load_module
from tests.spec.conftest import MODEL, Workspace, dataset, project


def models(work: Workspace) -> list[str]:
    return sorted(address.name for address in work.load().desired.models)


def named(name: str) -> str:
    return MODEL.replace("triage", name)


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("specs", ["a", "b", "c", "d"]),
        ("specs/", ["a", "b", "c", "d"]),
        ("./specs", ["a", "b", "c", "d"]),
        (".", ["a", "b", "c", "d", "r"]),
        ("specs/*.yaml", ["a"]),
        ("specs/*", ["a", "b"]),
        ("specs/**/*.yaml", ["a", "c", "d"]),
        ("**/c.yaml", ["c"]),
        ("specs/team*/[cd].yaml", ["c"]),
        ("specs/a.yaml, specs/team-1", ["a", "c", "d"]),
        ("specs/a.yaml, specs, specs/a.*", ["a", "b", "c", "d"]),
        ("specs/**", ["a", "b", "c", "d"]),
        ("specs/notes.txt, specs/a.yaml", ["a", "n"]),
    ],
)
def test_specs_are_named_by_folders_files_and_patterns(work: Workspace, patterns: str, expected: list[str]) -> None:
    work.write("tuneform.yaml", project(f"  specs: [{', '.join(repr(p) for p in patterns.split(', '))}]"))
    work.write("tuneform.prod.yaml", project())
    work.write("state/state.json", "{}")
    work.write("specs/.hidden.yaml", "a: [")
    work.write("specs/.git/x.yaml", "a: [")
    work.write("specs/data.jsonl", "{")
    work.write("specs/notes.txt", named("n"))
    work.write("specs/a.yaml", named("a"))
    work.write("specs/b.yml", named("b"))
    work.write("specs/team-1/c.yaml", named("c"))
    work.write("specs/team-1/deep/d.yaml", named("d"))
    work.write("r.yaml", named("r"))
    assert models(work) == expected


def test_a_link_within_the_project_is_followed_once(work: Workspace) -> None:
    work.write("shared/a.yaml", MODEL)
    (work.root / "specs/a.yaml").symlink_to(work.root / "shared/a.yaml")
    (work.root / "specs/b").symlink_to(work.root / "shared")
    (work.root / "specs/loop").symlink_to(work.root / "specs")
    assert models(work) == ["triage"]


def test_a_link_out_of_the_project_is_refused_and_not_read(
    work: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "credentials.yaml").write_text("secret: hunter2\n")
    for target in (outside, outside / "credentials.yaml"):
        link = work.root / "specs/link.yaml"
        link.symlink_to(target)
        found = work.findings()
        assert [d.code for d in found] == ["outside_project"]
        assert "hunter2" not in str(found)
        link.unlink()


def test_the_folder_of_specs_itself_may_not_lead_out(work: Workspace) -> None:
    (work.root / "specs").rmdir()
    (work.root / "specs").symlink_to("/etc")
    assert work.codes() == ["outside_project"]


def test_the_project_s_folder_may_be_reached_by_a_link(work: Workspace) -> None:
    work.spec(MODEL)
    link = work.root.parent / f"{work.root.name}-link"
    link.symlink_to(work.root)
    assert models(Workspace(link)) == ["triage"]


def test_a_dangling_link_is_an_error(work: Workspace) -> None:
    (work.root / "specs/a.yaml").symlink_to(work.root / "gone.yaml")
    assert work.codes() == ["file_unreadable"]


def test_a_pipe_is_not_waited_for(work: Workspace) -> None:
    os.mkfifo(work.root / "specs/a.yaml")
    assert work.codes() == ["not_a_regular_file"]


def test_a_folder_with_the_name_of_a_spec_is_a_folder(work: Workspace) -> None:
    work.write("specs/a.yaml/b.yaml", MODEL)
    assert models(work) == ["triage"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_an_error(work: Workspace) -> None:
    work.spec(MODEL)
    (work.root / "specs/a.yaml").chmod(0)
    assert work.codes() == ["file_unreadable"]


def test_a_name_longer_than_a_file_system_allows_is_an_error(work: Workspace) -> None:
    work.write("tuneform.yaml", project(f"  specs: [{'x' * 5000}]"))
    assert work.codes() == ["file_unreadable"]


def test_a_file_beyond_one_mebibyte_is_refused(work: Workspace) -> None:
    work.write("specs/a.yaml", MODEL + "#" * (1 << 20))
    assert "1 MiB" in work.finding("too_large").message


def test_a_file_of_one_mebibyte_is_read(work: Workspace) -> None:
    work.write("specs/a.yaml", MODEL + "#" * ((1 << 20) - len(MODEL)))
    assert models(work) == ["triage"]


def test_too_many_files_are_refused_by_name(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MOST_FILES", 2)
    for name in "abc":
        work.write(f"specs/{name}.yaml", named(name))
    assert "more than 2 spec files" in work.finding("too_large").message


def test_a_huge_tree_is_not_walked_to_its_end(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "MOST_ENTRIES", 5)
    for index in range(6):
        work.write(f"specs/{index}.txt", "")
    assert work.codes() == ["too_large"]


def test_too_much_text_in_all_is_refused(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_module, "LARGEST_PROJECT", 300)
    work.write("specs/a.yaml", named("a"))
    work.write("specs/b.yaml", named("b"))
    assert work.codes() == ["too_large"]


def test_too_many_specs_are_refused(work: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load_module, "MOST_DOCUMENTS", 2)
    work.spec(named("a"), named("b"), named("c"))
    assert "more than 2 specs" in work.finding("too_large").message


def test_strange_file_names_do_not_break_messages(work: Workspace) -> None:
    path = os.fsencode(work.root / "specs") + b"/\xff\n.yaml"
    Path(os.fsdecode(path)).write_text("a: [")
    found = work.finding("invalid_path")
    str(found).encode()


def test_a_crowd_of_mistakes_is_reported_in_part(work: Workspace) -> None:
    work.write("specs/a.yaml", MODEL + "".join(f"  x{i}: 1\n" for i in range(500)))
    work.write("specs/b.yaml", "a: [")
    found = work.findings()
    assert len(found) == 102
    assert (found[-1].code, found[-1].severity) == ("more_findings", "error")
    assert found[-1].message.startswith("400 more errors")
    assert "specs/b.yaml" in {d.source.file for d in found if d.source}


def test_only_some_files_are_reported_on_when_asked(work: Workspace) -> None:
    work.write("specs/a.yaml", MODEL.replace("gs://acme/train.jsonl", "Dataset/train"))
    work.write("specs/b.yaml", dataset("train") + "---\n" + dataset("other"))
    work.write("specs/c.yaml", "a: [")
    loaded = work.load(paths=[Path("specs/a.yaml")])
    assert set(loaded.desired.models) == {Address("TunedModel", "triage")}
    assert set(loaded.desired.datasets) == {Address("Dataset", "train")}
    assert work.codes(paths=[work.root / "specs"]) == ["yaml_syntax"]
    assert work.codes(paths=[work.root / "specs/c.yaml"]) == ["yaml_syntax"]


def test_a_file_outside_the_folders_of_specs_can_be_asked_about(work: Workspace) -> None:
    work.spec(MODEL)
    work.write("drafts/b.yaml", named("b").replace("baseModel", "baseModle"))
    assert work.codes() == []
    assert work.codes(paths=[Path("drafts/b.yaml")]) == ["unknown_field"]


def test_a_file_outside_the_project_cannot_be_asked_about(work: Workspace) -> None:
    work.spec(MODEL)
    assert work.codes(paths=[Path("/etc/passwd")]) == ["outside_project"]
    assert work.codes(paths=[Path("../x")]) == ["outside_project"]
    assert work.codes(paths=[Path("specs/none.yaml")]) == ["file_missing"]


def test_reading_writes_nothing(work: Workspace) -> None:
    work.write("tuneform.yaml", project("  publish: out/serving.json"))
    work.spec(MODEL)
    before = sorted(work.root.rglob("*"))
    work.load()
    assert sorted(work.root.rglob("*")) == before
