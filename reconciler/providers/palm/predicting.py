"""Asking a tuned PaLM model: a prompt as `predict` takes it, and its answer in the shape of generateContent's.

The models never had generateContent. Sources: see `datasets.palm_prompts`, which words the request; answers of chat
models hold a list of candidates, and so does what is said of their safety.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.catalog.palm import PalmFamily, palm_family
from reconciler.cloud.client import Client
from reconciler.core.state import Version
from reconciler.datasets.palm_prompts import palm_request
from reconciler.errors import CloudError
from reconciler.planning.blocks import base_model
from reconciler.providers.vertex import paths


def generate(
    client: Client, version: Version, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any]
) -> Mapping[str, Any]:
    """What a version answers. Raises Problem for a prompt that its family cannot be asked, CloudError."""
    family = _family(version)
    body = palm_request(family, contents, settings)
    return _as_generated(family, client.post(paths.resource(version.endpoint, "predict"), body))


def _family(version: Version) -> PalmFamily:
    base = base_model(version.resolved) or base_model(version.body)
    family = palm_family(base)
    if family is None:
        raise CloudError(
            f"nothing is known of how {base or 'its base model'} is asked",
            where=version.endpoint,
            next_step=f"Prompts can be sent to models tuned from {', '.join(PalmFamily)}.",
        )
    return family


def _as_generated(family: PalmFamily, answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first prediction as a generateContent answer; one that was blocked has no text, whatever it says instead."""
    prediction = _first(answer.get("predictions"))
    safety: Any = prediction.get("safetyAttributes")
    if family.is_chat:
        prediction, safety = _first(prediction.get("candidates")), _first(safety)
    if isinstance(safety, Mapping) and safety.get("blocked") is True:
        return {"candidates": [{"finishReason": "SAFETY"}]}
    text = prediction.get("content")
    if not isinstance(text, str):
        return {}
    return {"candidates": [{"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP"}]}


def _first(values: Any) -> Mapping[str, Any]:
    first = values[0] if isinstance(values, list) and values else None
    return first if isinstance(first, Mapping) else {}
