"""Paths that specs write: relative, and beneath the project's folder even after links are followed."""

from __future__ import annotations

import os.path
import re

_DRIVE = re.compile(r"[A-Za-z]:")


class BadPath(ValueError):
    """A path that a spec must not name. `code` is a code of findings."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def inside(root: str, written: str) -> str:
    """The absolute path of `written`, which need not exist. `root` is real (no links). Raises BadPath."""
    check_relative(written)
    real = os.path.realpath(f"{root}/{written}")
    if not is_beneath(root, real):
        raise BadPath("outside_project", "leads out of the project's folder by way of a link")
    return os.path.normpath(f"{root}/{written}")


def check_relative(written: str) -> None:
    """Raise BadPath unless the text is a relative path that goes no further up than it went down."""
    if "://" in written:
        raise BadPath("invalid_path", "must be a path in the project, not an address")
    if "\\" in written or not written.isprintable():
        raise BadPath("invalid_path", "must be written with forward slashes and without control characters")
    if written.startswith(("/", "~")) or _DRIVE.match(written):
        raise BadPath("outside_project", "must be relative to the project's folder")
    if os.path.normpath(written).split("/")[0] == "..":
        raise BadPath("outside_project", "must stay beneath the project's folder")


def is_beneath(root: str, real: str) -> bool:
    """Whether a path without links is the root or beneath it."""
    return real == root or real.startswith(root.rstrip("/") + "/")
