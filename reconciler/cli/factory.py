"""The one place that builds collaborators; every command gets its engine from here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.applying.clock import SystemClock
from reconciler.applying.interrupt import Interrupt
from reconciler.applying.outcomes import Cloud
from reconciler.catalog import Catalog
from reconciler.catalog.load import load_catalog
from reconciler.engine import Engine
from reconciler.spec.load import Loaded, load, load_project, with_google_project
from reconciler.state.lock import Lock
from reconciler.state.open import open_backend
from reconciler.state.store import StateStore

if TYPE_CHECKING:
    from reconciler.applying.auditing import Eyes
    from reconciler.cli.settings import Settings
    from reconciler.cloud.client import Client
    from reconciler.core.desired import Desired, GoogleSettings

# After a token has expired Google refuses its requests; what was admitted before is committed and listed within this.
AFTER_TOKEN = timedelta(minutes=4)
WITHOUT_TOKEN = timedelta(seconds=2)


def build_engine(settings: Settings, interrupt: Interrupt | None = None) -> Engine:
    """An engine for the project in `settings`. Raises SpecError when the project file cannot be used."""
    clock = SystemClock()
    project = load_project(settings.directory, project_file=settings.project_file, environ=settings.environ)
    backend = open_backend(project.state, Path(project.root))
    connected = cache(lambda: _connect(project.google, settings))

    def specs(paths: Sequence[Path]) -> Loaded:
        return load(
            settings.directory, project_file=settings.project_file, environ=settings.environ, paths=paths or None
        )

    def specs_with(drafts: Mapping[str, str]) -> Loaded:
        return load(settings.directory, project_file=settings.project_file, environ=settings.environ, drafts=drafts)

    def locate(desired: Desired) -> Desired:
        if desired.project.google.project:
            return desired
        found = connected().default_project()
        return with_google_project(desired, found) if found else desired

    return Engine(
        load=specs,
        load_with=specs_with,
        locate=locate,
        store=StateStore(backend, now=clock.now),
        lock=Lock(backend, now=clock.now),
        cloud=cache(lambda: _cloud(connected(), project.name)),
        eyes=cache(lambda: _eyes(_connect(project.google, settings, read_only=True), project.name)),
        catalog=_catalog(project.catalog, project.root),
        clock=clock,
        interrupt=interrupt or Interrupt(),
    )


def _catalog(file: str, root: str) -> Catalog:
    return load_catalog(Path(file), name=os.path.relpath(file, root)) if file else load_catalog()


def _connect(google: GoogleSettings, settings: Settings, *, read_only: bool = False) -> Client:
    from reconciler.cloud.client import connect

    return connect(google, settings.environ, read_only=read_only)


def _eyes(client: Client, project_label: str) -> Eyes:
    from reconciler.applying.auditing import Eyes
    from reconciler.providers.gemini.provider import GeminiReader
    from reconciler.providers.palm.provider import PalmReader
    from reconciler.providers.storage import CloudStorageReader
    from reconciler.providers.vertex.provider import VertexReader

    return Eyes(
        readers={
            "vertex": VertexReader(client, project_label),
            "gemini": GeminiReader(client, project_label),
            "palm": PalmReader(client, project_label),
        },
        objects=CloudStorageReader(client),
    )


def _cloud(client: Client, project_label: str) -> Cloud:
    from reconciler.applying.operations import Pace
    from reconciler.applying.recovery import Patience
    from reconciler.providers.first_run import FirstRun
    from reconciler.providers.gemini.provider import GeminiProvider
    from reconciler.providers.palm.provider import PalmProvider
    from reconciler.providers.storage import CloudStorage
    from reconciler.providers.vertex.provider import VertexProvider

    def window(sent_at: datetime) -> datetime:
        expiry = client.token_expiry()
        return sent_at + WITHOUT_TOKEN if expiry is None else max(expiry, sent_at) + AFTER_TOKEN

    def judge() -> datetime:
        return client.server_date() or datetime.now(UTC)

    return Cloud(
        providers={
            "vertex": VertexProvider(client, project_label),
            "gemini": GeminiProvider(client, project_label),
            "palm": PalmProvider(client, project_label),
        },
        objects=CloudStorage(client),
        window=window,
        judge=judge,
        patience=Patience(list_gap=0.2) if client.emulated else Patience(),
        pace=Pace(first=0.1, longest=1.0) if client.emulated else Pace(),
        first_run=FirstRun(client),
        settle=1.0 if client.emulated else 300.0,
        reads_until=client.reads_until,
    )
