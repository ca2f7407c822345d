"""What is handed to the rest of tuneform is what the protocol asks for, and a reader has nothing to write with."""

from __future__ import annotations

import pytest

from reconciler.providers.gemini.provider import GeminiReader
from reconciler.providers.palm.provider import PalmReader
from reconciler.providers.protocol import ObjectReader, ObjectStore, TuningProvider, TuningReader
from reconciler.providers.storage import CloudStorageReader
from reconciler.providers.vertex.provider import VertexReader
from tests.providers.conftest import LABEL, Emulated


def test_provider_reader_and_store_fill_their_protocols(google: Emulated) -> None:
    provider: TuningProvider = google.vertex
    reader: TuningReader = VertexReader(google.client, LABEL)
    store: ObjectStore = google.storage
    assert provider.backend == reader.backend == "vertex"
    assert store.look_up([]).complete


@pytest.mark.parametrize("reader", [VertexReader, GeminiReader, PalmReader])
def test_a_reader_cannot_write(reader: type) -> None:
    writes = set(vars(TuningProvider)) - set(vars(TuningReader)) - {"model", "endpoint", "operation"}
    assert {"submit", "cancel", "delete_model"} <= writes
    assert not [name for name in writes if not name.startswith("_") and hasattr(reader, name)]


def test_who_looks_at_objects_cannot_upload() -> None:
    writes = set(vars(ObjectStore)) - set(vars(ObjectReader))
    assert "upload" in writes
    assert not [name for name in writes if not name.startswith("_") and hasattr(CloudStorageReader, name)]


def test_what_an_audit_looks_with_fills_the_protocols_of_readers(google: Emulated) -> None:
    readers: list[TuningReader] = [reader(google.client, LABEL) for reader in (VertexReader, GeminiReader, PalmReader)]
    objects: ObjectReader = CloudStorageReader(google.client)
    assert [reader.backend for reader in readers] == ["vertex", "gemini", "palm"]
    assert objects.look_up([]).complete
