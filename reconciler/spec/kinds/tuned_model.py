"""The TunedModel kind: one provider block, gates and a lifecycle."""

from __future__ import annotations

from reconciler.spec.kinds.base import Block, OneOf
from reconciler.spec.kinds.gates import Gates
from reconciler.spec.kinds.gemini import Gemini
from reconciler.spec.kinds.lifecycle import Lifecycle
from reconciler.spec.kinds.palm import Palm
from reconciler.spec.kinds.vertex import Vertex

BACKENDS = ("vertex", "gemini", "palm")


class TunedModelSpec(Block):
    """A model that is to be tuned."""

    one_of = (OneOf(*BACKENDS, required=True, in_one_spec=True),)

    vertex: Vertex | None = None
    """A Vertex AI tuning job."""
    gemini: Gemini | None = None
    """A tuned model of the Gemini API."""
    palm: Palm | None = None
    """A PaLM 2 tuning pipeline."""
    gates: Gates | None = None
    """What a finished version must pass before it serves."""
    lifecycle: Lifecycle | None = None
    """How the model is kept."""
