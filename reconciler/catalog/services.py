"""Which tuning services still take new tunes.

A base model's dates only warn; a service that takes no new tunes at all holds a plan. Reading, adopting and deleting
what was tuned there keeps working as far as Google lets it.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.core.desired import Backend


@dataclass(frozen=True, slots=True)
class Service:
    """A tuning service. `ended` is the day or month (ISO 8601) since when it refuses new tunes, or empty."""

    backend: Backend
    name: str
    ended: str = ""
    reason: str = ""
    instead: str = ""
    sources: tuple[str, ...] = ()

    @property
    def takes_new_tunes(self) -> bool:
        """Whether a new tuning job can be created there at all."""
        return not self.ended


_SERVICES: dict[Backend, Service] = {
    "vertex": Service(
        backend="vertex",
        name="Vertex AI tuningJobs",
        sources=("https://docs.cloud.google.com/gemini-enterprise-agent-platform/reference/models/tuning",),
    ),
    "gemini": Service(
        backend="gemini",
        name="Gemini API tunedModels",
        ended="2025-05",
        reason="Gemini 1.5 Flash-001, the last model that could be tuned in the Gemini API, was deprecated in May 2025",
        instead="tune on Vertex AI: a `vertex` block with a supervisedTuningSpec",
        sources=(
            "https://ai.google.dev/gemini-api/docs/model-tuning (page dated 2026-04-29)",
            "https://github.com/googleapis/python-genai commit c1aeeb5b (2025-07-02)",
        ),
    ),
    "palm": Service(
        backend="palm",
        name="PaLM 2 tuning pipelines",
        ended="2024-10-09",
        reason="Google blocks new tuning jobs on PaLM models since 2024-10-09 and retired the models on 2025-04-09",
        instead="tune a Gemini model on Vertex AI: a `vertex` block with a supervisedTuningSpec",
        sources=("https://cloud.google.com/vertex-ai/generative-ai/docs/deprecations/palm",),
    ),
}


def service_of(backend: Backend) -> Service:
    """The service behind a provider block."""
    return _SERVICES[backend]
