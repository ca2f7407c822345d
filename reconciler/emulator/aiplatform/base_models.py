"""Which base models can be tuned, how, and where the result lands.

Facts of the public tuning pages (2026-09-25). The emulator has no calendar: models that Google has since retired can
still be tuned here, so that old samples run.
"""

from dataclasses import dataclass

from reconciler.emulator.google_errors import ApiError, invalid_argument

UP_TO_EIGHT = ("ONE", "TWO", "FOUR", "EIGHT")
UP_TO_SIXTEEN = (*UP_TO_EIGHT, "SIXTEEN")
# Gemini 3 is tuned in one of two regions; its models and endpoints live in the multi-region around it.
LANDING = {"us-central1": "us", "europe-west4": "eu"}
MULTI_REGIONS = ("us", "eu", "global")


@dataclass(frozen=True, slots=True)
class BaseModel:
    """One base model. `adapters` are the sizes it takes; `lands_in_multi_region` is true of Gemini 3."""

    id: str
    adapters: tuple[str, ...] = UP_TO_SIXTEEN
    preference: bool = False
    lands_in_multi_region: bool = False

    def landing(self, location: str) -> str:
        """Where models and endpoints of a job in `location` are made."""
        return LANDING[location] if self.lands_in_multi_region else location

    def check_location(self, location: str) -> None:
        """Raises ApiError (400) where this model cannot be tuned."""
        if location in MULTI_REGIONS or (self.lands_in_multi_region and location not in LANDING):
            raise invalid_argument(f"Tuning of base model {self.id} is not supported in location {location}.")


BASE_MODELS = {
    model.id: model
    for model in (
        BaseModel("gemini-3.5-flash", preference=True, lands_in_multi_region=True),
        BaseModel("gemini-3.5-flash-lite", preference=True, lands_in_multi_region=True),
        BaseModel("gemini-3.1-flash-lite", preference=True, lands_in_multi_region=True),
        BaseModel("gemini-2.5-pro", adapters=UP_TO_EIGHT),
        BaseModel("gemini-2.5-flash", preference=True),
        BaseModel("gemini-2.5-flash-lite", preference=True),
        BaseModel("gemini-2.0-flash-001", adapters=UP_TO_EIGHT),
        BaseModel("gemini-2.0-flash-lite-001", adapters=UP_TO_EIGHT),
        BaseModel("gemini-1.5-pro-002"),
        BaseModel("gemini-1.5-flash-002"),
        BaseModel("gemini-1.0-pro-002"),
    )
}


def find_base_model(name: str) -> BaseModel:
    """The base model of this id. Raises ApiError (400) for one that cannot be tuned."""
    model = BASE_MODELS.get(name)
    if model is None:
        raise ApiError("INVALID_ARGUMENT", f"Base model {name} is not supported.")
    return model
