"""What an import is asked for, and what it came to."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from reconciler.applying.adopting.filters import Filter
from reconciler.core.address import Address
from reconciler.core.observed import Unreadable


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What to look at, and where specs go. No locations is the project's own; no providers is all of them."""

    out: Path
    locations: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    filters: tuple[Filter, ...] = ()
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Adopted:
    """One tuned model that is managed now. `file` is empty when a spec declared it already.

    `notes` say what could not be carried over or is not known.
    """

    address: Address
    file: str
    run: str
    model: str
    endpoint: str
    versions: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Left:
    """Something live that was not adopted, and why. `state` is a run's; empty for models and endpoints."""

    name: str
    reason: str
    display_name: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Everything that was looked at, accounted for. `managed` and `filtered` are counted only.

    `text` is a spec that was asked for and neither written nor recorded.
    """

    adopted: tuple[Adopted, ...]
    left: tuple[Left, ...]
    managed: int
    filtered: int
    unreadable: tuple[Unreadable, ...] = ()
    dry_run: bool = False
    text: str = ""
