"""PaLM 2: which families could be tuned, how their pipelines counted steps, what they cost. They take no new jobs."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from reconciler.errors import UsageError

# The tuning accelerators differ by region, and with them the batch size.
# https://cloud.google.com/vertex-ai/generative-ai/docs/models/tune-text-models-supervised (2024 copies)
BATCH_SIZES = MappingProxyType({"us-central1": 8, "europe-west4": 24})


class PalmFamily(StrEnum):
    """A line of models that are asked, and answer, in one shape."""

    TEXT = "text-bison"
    CODE = "code-bison"
    CHAT = "chat-bison"
    CODE_CHAT = "codechat-bison"

    @property
    def is_chat(self) -> bool:
        """Whether it is asked with a conversation; the others take one text."""
        return self in (PalmFamily.CHAT, PalmFamily.CODE_CHAT)


_model = re.compile(rf"({'|'.join(PalmFamily)})(-32k)?(@\d+)?").fullmatch


def palm_family(base_model: str) -> PalmFamily | None:
    """The family of a base model such as `text-bison-32k@002`; None for one of which nothing is known."""
    match = _model(base_model)
    return PalmFamily(match[1]) if match else None


def palm_train_steps(examples: int, epochs: int, region: str) -> int:
    """`train_steps` that passes over `examples` rows `epochs` times in that region, rounded up.

    240 rows are 30 steps an epoch in us-central1 and 10 in europe-west4. Raises UsageError for another region.
    """
    if region not in BATCH_SIZES:
        raise UsageError(
            f"no batch size is known for PaLM tuning in {region!r}",
            next_step=f"Give train_steps as a number, or tune in {' or '.join(BATCH_SIZES)}.",
        )
    return math.ceil(examples * epochs / BATCH_SIZES[region])


def with_train_steps(parameters: Mapping[str, Any], examples: int | None, region: str) -> dict[str, Any]:
    """The template's parameters with `train_steps: auto` and `epochs` turned into a number.

    They stay as they are where a number was given, or nobody knows how many examples there are. Raises as
    `palm_train_steps` does.
    """
    if parameters.get("train_steps") != "auto" or examples is None:
        return dict(parameters)
    steps = palm_train_steps(examples, int(parameters.get("epochs", 1)), region)
    return {name: value for name, value in {**parameters, "train_steps": steps}.items() if name != "epochs"}


def palm_tuning_cost(hours: float, accelerators: int, usd_per_accelerator_hour: float) -> float:
    """US dollars, to the cent, of a pipeline that held `accelerators` for `hours`."""
    return round(hours * accelerators * usd_per_accelerator_hour, 2)
