"""Finding and reading spec files: regular files beneath the project's folder, within limits."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from reconciler.core.diagnostics import Source
from reconciler.spec.findings import Findings
from reconciler.spec.paths import BadPath, check_relative, is_beneath
from reconciler.spec.source_text import SourceText, decode, join_surrogates

SUFFIXES = (".yaml", ".yml", ".json")
PROJECT_FILE = "tuneform.yaml"
LARGEST_FILE = 1 << 20
LARGEST_PROJECT = 256 << 20
MOST_FILES = 10_000
MOST_ENTRIES = 200_000


class _TooMany(Exception):
    """There are more files than a project may have."""


@dataclass(slots=True)
class SpecFiles:
    """The spec files of a project. `root` is the absolute folder without links.

    `ignored` are files and folders, without links, that are left out although they lie in a folder of specs: the state.
    `found` maps each file's real path to the path it is shown as, so that one file is read once whatever names it. With
    `to_be_written`, a folder that is not there yet is as good as an empty one.
    """

    root: str
    findings: Findings
    ignored: frozenset[str] = frozenset()
    to_be_written: bool = False
    found: dict[str, str] = field(default_factory=dict)
    entries: int = 0
    bytes_read: int = 0

    def add(self, pattern: str, source: Source | None) -> frozenset[str]:
        """Add what a folder, file or pattern names, and report what cannot be. The files, as they are shown."""
        try:
            check_relative(pattern)
            files = dict(self._named(os.path.normpath(pattern)))
        except BadPath as error:
            self.findings.error(error.code, f"{pattern} {error}", source)
        except _TooMany:
            what = f"{pattern} names more than {MOST_FILES:,} spec files, or stands over {MOST_ENTRIES:,} entries"
            self.findings.error("too_large", what, source, hint="Split the project.")
        except FileNotFoundError:
            if self.to_be_written and not pattern.endswith(SUFFIXES):
                return frozenset()
            hint = "Make it, or name another one under spec.specs in tuneform.yaml."
            self.findings.error("file_missing", f"{pattern} does not exist", source, hint=hint)
        except OSError as error:
            self.findings.error("file_unreadable", f"{pattern} cannot be read: {error.strerror}", source)
        else:
            if not files:
                self.findings.warn("no_specs", f"{pattern} holds no spec files", source)
            for real, shown in files.items():
                self.found.setdefault(real, shown)
            return frozenset(self.found[real] for real in files)
        return frozenset()

    def _named(self, pattern: str) -> Iterator[tuple[str, str]]:
        parts = pattern.split("/")
        plain = next((i for i, part in enumerate(parts) if any(c in part for c in "*?[")), len(parts))
        base = "/".join(parts[:plain])
        real = self._real(f"{self.root}/{base}", base)
        if not stat.S_ISDIR(Path(real).lstat().st_mode):
            yield real, base
            return
        wanted = parts[plain:] or ["**", "*"]
        for count, (path, below) in enumerate(self._walk(real, (), set())):
            if count >= MOST_FILES:
                raise _TooMany
            if _matches(below, wanted):
                yield path, "/".join((*(p for p in parts[:plain] if p != "."), *below))

    def _walk(self, folder: str, below: tuple[str, ...], seen: set[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Every file with a spec's suffix, hidden ones and project files left out; links are followed once."""
        if folder in seen or folder in self.ignored:
            return
        seen.add(folder)
        with os.scandir(folder) as entries:
            ordered = sorted(self._counted(entries), key=lambda entry: entry.name)
        for entry in ordered:
            if entry.name.startswith("."):
                continue
            path = (*below, entry.name)
            if not entry.name.isprintable():
                what = f"{'/'.join(path)!a} has a name that cannot be shown"
                self.findings.error("invalid_path", what, None, hint="Rename it.")
            elif entry.is_dir():
                yield from self._walk(self._real(entry.path, "/".join(path)), path, seen)
            elif entry.name.endswith(SUFFIXES) and not is_project_file(entry.name) and entry.path not in self.ignored:
                yield self._real(entry.path, "/".join(path)) if entry.is_symlink() else entry.path, path

    def _counted(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        for entry in entries:
            self.entries += 1
            if self.entries > MOST_ENTRIES:
                raise _TooMany
            yield entry

    def _real(self, path: str, shown: str) -> str:
        real = os.path.realpath(path)
        if not is_beneath(self.root, real):
            raise BadPath("outside_project", f"leads out of the project's folder by way of the link {shown}")
        return real

    def read(self) -> Iterator[SourceText]:
        """The text of every file, in order of the paths they are shown as."""
        for real, shown in sorted(self.found.items(), key=lambda item: item[1]):
            text = read_text(real, shown, self.findings)
            if text is None:
                self.findings.incomplete = True
                continue
            self.bytes_read += len(text.text)
            if self.bytes_read > LARGEST_PROJECT:
                self.findings.incomplete = True
                what = f"the spec files together are larger than {LARGEST_PROJECT >> 20} MiB"
                self.findings.error("too_large", what, Source(shown, 1, 1), hint="Split the project.")
                return
            yield text


def is_project_file(name: str) -> bool:
    """Whether a file's name is that of a project file: tuneform.yaml, tuneform.prod.yaml."""
    return name.startswith("tuneform.") and name.endswith(SUFFIXES)


def is_named_by(path: str, pattern: str) -> bool:
    """Whether a spec file at that path, relative to the project's folder, would be read because of that pattern."""
    named, parts = os.path.normpath(pattern).split("/"), path.split("/")
    if any(part.startswith(".") for part in parts) or not path.endswith(SUFFIXES) or is_project_file(parts[-1]):
        return False
    if named == ["."]:
        return True
    if any(c in pattern for c in "*?["):
        return _matches(parts, named)
    return parts[: len(named)] == named


def _matches(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether a path matches a pattern in which `**` stands for any number of folders.

    Keeps every position in the pattern that the path so far can have reached, so its time is bounded.
    """
    reached = {0}
    for part in path:
        reached = _skipping(reached, pattern)
        reached = {i if pattern[i] == "**" else i + 1 for i in reached if i < len(pattern) and _fits(part, pattern[i])}
    return len(pattern) in _skipping(reached, pattern)


def _skipping(reached: set[int], pattern: Sequence[str]) -> set[int]:
    """The same positions, and those behind a `**` that stands for nothing."""
    wider = set(reached)
    for i in sorted(reached):
        while i < len(pattern) and pattern[i] == "**":
            i += 1
            wider.add(i)
    return wider


def _fits(part: str, pattern: str) -> bool:
    return pattern == "**" or fnmatchcase(part, pattern)


def read_text(real: str, shown: str, findings: Findings) -> SourceText | None:
    """The text of one file, links not followed; None, with a finding, when it is not to be had."""
    place = Source(shown, 1, 1)
    try:
        data = _read(real)
    except OSError as error:
        findings.error("file_unreadable", f"the file cannot be read: {error.strerror}", place)
        return None
    if data is None:
        findings.error("not_a_regular_file", "a spec must be a regular file", place)
        return None
    if len(data) > LARGEST_FILE:
        what = f"the file is larger than {LARGEST_FILE >> 20} MiB"
        findings.error("too_large", what, place, hint="Split it; a project may have many files.")
        return None
    source = decode(shown, data, findings)
    if source is not None and shown.endswith(".json"):
        return SourceText(shown, join_surrogates(source.text))
    return source


def _read(real: str) -> bytes | None:
    """At most one byte more than a spec file may have; None when it is no regular file."""
    descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        return file.read(LARGEST_FILE + 1)
