"""What a run would cost once: tokens x epochs x price, with its basis and how sure it is.

Tokens are exact where the same data was billed for the same base model before, an estimate where only the file or the
size of the object is known, and otherwise not known. Nothing is guessed about prices: no price in the catalog is an
unknown cost.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import cast

from reconciler.catalog.pricing import cost_basis, tuning_cost
from reconciler.core.address import Address, is_address
from reconciler.core.desired import Backend, TunedModel
from reconciler.core.plan import Cost
from reconciler.core.state import State, Version
from reconciler.planning.blocks import base_model, epochs, training_source
from reconciler.planning.content import Content, declared_content, recorded_content, training_pin, training_uri
from reconciler.planning.world import World

# How far a token count from the file's characters was found to be off.
ESTIMATE_LOW, ESTIMATE_HIGH = 0.75, 1.35
# How many bytes of JSONL were found to make a token: long English text, the usual, and short rows full of JSON.
BYTES_A_TOKEN = (3.0, 6.0, 14.0)
AS_BILLED = "the tokens that were billed for the same data before"
# Without epochCount the service chooses. Ten were echoed for small data, forty were billed for 166 rows.
ASSUMED_EPOCHS, FEWEST_EPOCHS, MOST_EPOCHS = 10, 1, 40

Billed = Mapping[tuple[str, Hashable], int]


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity with the bounds between which it is believed to lie."""

    value: int
    low: float
    high: float
    note: str = ""

    @property
    def is_exact(self) -> bool:
        """Whether there is nothing to doubt."""
        return self.low == self.high == self.value


def billed_before(state: State) -> Billed:
    """Billable tokens of data that was tuned before, by (base model, what identifies the data)."""
    found: dict[tuple[str, Hashable], int] = {}
    for _, record in sorted(state.resources.items()):
        for version in record.versions:
            if version.billed_tokens is None:
                continue
            base = _base_of(version)
            for key in _keys(recorded_content(version, cast(Backend, record.backend))):
                found[base, key] = version.billed_tokens
    return found


def one_off_cost(world: World, model: TunedModel, billed: Billed) -> Cost:
    """The cost of one run of this spec in US dollars; `usd` is None when it is not known, and `basis` says why."""
    base = world.base_model_of(model)
    known = world.catalog.find(base) if base else None
    if known is None or known.price_per_million_tokens is None:
        return Cost(None, f"no training price for {base or 'the base model'} (catalog {world.catalog.date})")
    tokens = _tokens(world, model, base, billed)
    if tokens is None:
        return Cost(None, f"the number of tokens in {_name(training_source(model))} is not known")
    rounds = _epochs(world, model)
    price, origin = known.price_per_million_tokens, world.catalog.origin_of_price(known)
    basis = "; ".join(
        part for part in (cost_basis(tokens.value, rounds.value, price, origin), tokens.note, rounds.note) if part
    )
    usd = tuning_cost(tokens.value, rounds.value, price)
    if tokens.is_exact and rounds.is_exact:
        return Cost(usd, basis, estimate=False)
    million = price / 1_000_000
    return Cost(
        usd, basis, low=round(tokens.low * rounds.low * million, 4), high=round(tokens.high * rounds.high * million, 4)
    )


def _tokens(world: World, model: TunedModel, base: str, billed: Billed) -> Amount | None:
    content = declared_content(model, world.desired, world.observed)
    for key in sorted(_keys(content), key=repr):
        if (exact := billed.get((base, key))) is not None:
            return Amount(exact, exact, exact, AS_BILLED)
    source = training_source(model)
    if not is_address(source):
        return _by_size(world, model, base)
    found = world.desired.contents.get(Address.parse(source))
    if found is None or found.tokens is None:
        return None
    return Amount(found.tokens, found.tokens * ESTIMATE_LOW, found.tokens * ESTIMATE_HIGH)


def _by_size(world: World, model: TunedModel, base: str) -> Amount | None:
    """By how large the object is: as earlier versions of this model were billed for theirs, else as text usually is."""
    stored = world.observed.objects.get(training_uri(model, world.desired))
    if stored is None or not stored.size:
        return None
    record = world.record(model.address)
    for version in reversed(record.versions if record else ()):
        pin = training_pin(version, model.backend)
        if version.billed_tokens and pin is not None and pin.size and _base_of(version) == base:
            value = max(round(stored.size * version.billed_tokens / pin.size), 1)
            note = f"tokens by the size of {stored.uri} and what v{version.number} was billed"
            return Amount(value, value * ESTIMATE_LOW, value * ESTIMATE_HIGH, note)
    most, usual, fewest = (stored.size / b for b in BYTES_A_TOKEN)
    if "preferenceOptimizationSpec" in model.body:
        most, usual = most * 2, usual * 1.5  # the prompt of a preference row counts twice
    return Amount(max(round(usual), 1), fewest, most, f"tokens by the size of {stored.uri}, taken as text alone")


def _epochs(world: World, model: TunedModel) -> Amount:
    declared = epochs(model.body)
    if declared is not None:
        return Amount(declared, declared, declared)
    record = world.record(model.address)
    chosen = [n for v in (record.versions if record else ()) if (n := epochs(v.resolved)) is not None]
    if chosen:
        note = "epochCount is not declared: as many as the service chose last time"
        return Amount(chosen[-1], FEWEST_EPOCHS, max(MOST_EPOCHS, chosen[-1]), note)
    note = f"epochCount is not declared and the service chooses: {ASSUMED_EPOCHS} assumed"
    return Amount(ASSUMED_EPOCHS, FEWEST_EPOCHS, MOST_EPOCHS, note)


def _base_of(version: Version) -> str:
    return base_model(version.body) or base_model(version.resolved)


def _keys(content: Content) -> frozenset[Hashable]:
    # A digest or checksum names content; a gs:// URI may have been overwritten since, so it only counts with one.
    digests: set[Hashable] = {name for name in content.names if name.startswith("sha256:")}
    return frozenset(digests | set(content.checks))


def _name(source: object) -> str:
    return source if isinstance(source, str) else "the training data"
