"""The pipeline templates by which PaLM 2 models are tuned.

Text and code models have one, chat models another. Source: vertexai/_model_garden/_model_garden_models.py of
google-cloud-aiplatform, _SHORT_MODEL_ID_TO_TUNING_PIPELINE_MAP.
"""

from __future__ import annotations

import re

TEMPLATE_URI = r"https://\S+/tune-large-(?:chat-)?model(?:[/@]\S*)?"
_tunes = re.compile(TEMPLATE_URI).fullmatch


def is_tuning_template(uri: str) -> bool:
    """Whether a pipeline of this template tunes a model."""
    return _tunes(uri) is not None


def is_chat_template(uri: str) -> bool:
    """Whether a tuning template takes chats instead of pairs of texts."""
    return "/tune-large-chat-model" in uri
