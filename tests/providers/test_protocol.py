"""What is handed to the rest of tuneform is what the protocol asks for, and a reader has nothing to write with."""

from __future__ import annotations

from reconciler.providers.protocol import ObjectStore, TuningProvider, TuningReader
from reconciler.providers.vertex.provider import VertexReader
from tests.providers.conftest import LABEL, Emulated


def test_provider_reader_and_store_fill_their_protocols(google: Emulated) -> None:
    provider: TuningProvider = google.vertex
    reader: TuningReader = VertexReader(google.client, LABEL)
    store: ObjectStore = google.storage
    assert provider.backend == reader.backend == "vertex"
    assert store.look_up([]).complete


def test_a_reader_cannot_write() -> None:
    writes = set(vars(TuningProvider)) - set(vars(TuningReader)) - {"model", "endpoint", "operation"}
    assert {"submit", "cancel", "delete_model"} <= writes
    assert not [name for name in writes if not name.startswith("_") and hasattr(VertexReader, name)]
