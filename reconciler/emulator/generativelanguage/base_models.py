"""Which base models there are and which of them can be tuned.

A sample of what `models.list` told over the years. The emulator has no calendar: what Google has since retired can
still be tuned here, so that old samples run. Sampling defaults of gemini-1.5-flash-001-tuning are as recorded in
Google's notebooks.
"""

from dataclasses import dataclass
from typing import Any

from reconciler.emulator.google_errors import ApiError

GENERATE = ("generateContent", "countTokens")
TUNE = "createTunedModel"


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One base model. `tunes_further`: whether what was tuned from it can be tuned again."""

    id: str
    display_name: str
    methods: tuple[str, ...]
    temperature: float = 1.0
    top_p: float = 0.95
    top_k: int = 64
    input_tokens: int = 1_000_000
    output_tokens: int = 8192
    tunes_further: bool = False

    @property
    def name(self) -> str:
        """`models/{id}`."""
        return f"models/{self.id}"

    def message(self) -> dict[str, Any]:
        """As a Model of the API."""
        return {
            "name": self.name,
            "baseModelId": self.id,
            "version": "001",
            "displayName": self.display_name,
            "inputTokenLimit": self.input_tokens,
            "outputTokenLimit": self.output_tokens,
            "supportedGenerationMethods": list(self.methods),
            "temperature": self.temperature,
            "topP": self.top_p,
            "topK": self.top_k,
        }


BASE_MODELS = {
    model.name: model
    for model in (
        BaseModel(
            "gemini-1.0-pro-001", "Gemini 1.0 Pro 001 (Tuning)", (*GENERATE, TUNE), temperature=0.9, top_p=1.0, top_k=1,
            input_tokens=30_720, output_tokens=2048, tunes_further=True,
        ),
        BaseModel(
            "gemini-1.5-flash-001-tuning", "Gemini 1.5 Flash 001 Tuning", (*GENERATE, TUNE), input_tokens=16_384
        ),
        BaseModel("gemini-1.5-flash-001", "Gemini 1.5 Flash 001", (*GENERATE, "createCachedContent")),
        BaseModel("gemini-2.0-flash", "Gemini 2.0 Flash", GENERATE, top_k=40),
        BaseModel("gemini-2.5-flash", "Gemini 2.5 Flash", GENERATE, output_tokens=65_536),
        BaseModel(
            "text-embedding-004", "Text Embedding 004", ("embedContent",), input_tokens=2048, output_tokens=1
        ),
    )
}  # fmt: skip


def tunable(name: str) -> BaseModel:
    """The base model of this name. Raises ApiError (404) for one that cannot be tuned or does not exist."""
    model = BASE_MODELS.get(name)
    if model is None or TUNE not in model.methods:
        raise ApiError("NOT_FOUND", f"{name[:200]} is not found for CREATE TUNED MODEL at API version v1beta.")
    return model
