"""Imports everything that a verb may import when it runs, so that forked processes find it there."""

from __future__ import annotations

import importlib
import pkgutil

import reconciler

for _found in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
    if ".emulator" not in _found.name and not _found.name.endswith("__main__"):
        importlib.import_module(_found.name)
