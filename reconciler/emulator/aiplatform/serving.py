"""Which tuned model answers on an endpoint, and what it says.

The answer is that of the training example whose prompt shares most words with the one asked. A model without known
training data says so.
"""

import zlib
from dataclasses import dataclass

from reconciler.emulator.aiplatform.call import Call
from reconciler.emulator.aiplatform.memory import Memory
from reconciler.emulator.aiplatform.names import parse_name
from reconciler.emulator.aiplatform.pipelines.template import MODEL
from reconciler.emulator.aiplatform.records import ModelVersion
from reconciler.emulator.answers import closest_answer
from reconciler.emulator.google_errors import failed_precondition


@dataclass(frozen=True, slots=True)
class Serving:
    """A model version, and the id under which it is deployed."""

    version: ModelVersion
    deployed_model_id: str


def serving_on(call: Call, prompt: str) -> Serving:
    """What a call's traffic is sent to; with a split, a prompt always goes the same way. Raises ApiError (400, 404)."""
    endpoint = call.memory.endpoint(call.parent, call.ids["endpoints"])
    split = endpoint.wire["trafficSplit"]
    draw = zlib.crc32(prompt.encode()) % 100
    for deployed in endpoint.wire["deployedModels"]:
        draw -= split.get(deployed["id"], 0)
        if draw < 0:
            name = parse_name(deployed["model"], "models", "model")
            version = call.memory.model_version(name.parent, name.id, name.version)
            return Serving(version, deployed["id"])
    raise failed_precondition(f'Endpoint "{endpoint.wire["name"]}" has no DeployedModel that takes traffic.')


def answer_of(memory: Memory, version: ModelVersion, prompt: str) -> str:
    """What a model version says to a prompt."""
    data = memory.data.get(version.data)
    if data is None or not data.examples:
        return f"{version.wire['displayName']} has no training data to answer from."
    return closest_answer(data.examples, prompt)


def is_asked_by_predict(version: ModelVersion) -> bool:
    """Whether a model was tuned from one of PaLM 2, which never had generateContent."""
    return MODEL.fullmatch(version.base_model) is not None
