"""The Gemini API's whole memory: tuned models of everybody, in one namespace."""

import hashlib

from reconciler.emulator.clock import Clock
from reconciler.emulator.generativelanguage.records import COLLECTION, TunedModel
from reconciler.emulator.google_errors import ApiError
from reconciler.emulator.options import Options
from reconciler.emulator.store import Collection

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


class Memory:
    """Data and lookups only. `under_way` are the ids of models that are CREATING."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.revision = 0
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self.models: Collection[TunedModel] = Collection()
        self.under_way: set[str] = set()
        self.sequence = 0
        self.revision += 1

    def next_sequence(self) -> int:
        """A number higher than all before it."""
        self.sequence += 1
        return self.sequence

    def new_id(self, length: int) -> str:
        """Lower-case letters and digits that begin with a letter; the same ones for one seed and history."""
        text = f"{self.options.seed}/gemini/{self.next_sequence()}"
        number = int.from_bytes(hashlib.blake2b(text.encode()).digest(), "big")
        letters = [ALPHABET[number % 26]]
        while len(letters) < length:
            number, place = divmod(number, len(ALPHABET))
            letters.append(ALPHABET[place])
        return "".join(letters)

    def model(self, model_id: str) -> TunedModel:
        """A tuned model, whoever owns it. Raises ApiError (404)."""
        found = self.models.get(model_id)
        if found is None:
            raise ApiError("NOT_FOUND", f"Tuned model {COLLECTION}/{model_id} does not exist.")
        return found

    def changed(self, model: TunedModel) -> None:
        """To be called after every change of a model."""
        model.changed()
        self.revision += 1
