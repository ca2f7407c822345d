"""What a run costs and how many steps a PaLM pipeline takes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.catalog.palm import palm_train_steps, palm_tuning_cost
from reconciler.catalog.pricing import cost_basis, tuning_cost
from reconciler.errors import UsageError

CATALOG = "catalog 2026-11-01"


def test_2_7_million_tokens_at_3_dollars_cost_8_10() -> None:
    assert tuning_cost(2_700_000, 1, 3.0) == 8.1


def test_the_basis_of_a_cost_can_be_read_and_checked() -> None:
    assert cost_basis(2_700_000, 1, 3.0, CATALOG) == "2700000 tokens x 1 epoch x 3.00/1M (catalog 2026-11-01)"


def test_several_epochs_are_written_in_the_plural() -> None:
    assert cost_basis(10, 4, 1.5, CATALOG) == "10 tokens x 4 epochs x 1.50/1M (catalog 2026-11-01)"


def test_a_price_with_more_digits_is_not_rounded_in_its_basis() -> None:
    assert "x 0.125/1M" in cost_basis(10, 1, 0.125, CATALOG)


@given(st.integers(0, 10**10), st.integers(1, 100), st.floats(0.01, 100))
def test_more_epochs_never_cost_less(tokens: int, epochs: int, price: float) -> None:
    assert tuning_cost(tokens, epochs + 1, price) >= tuning_cost(tokens, epochs, price) >= 0


def test_palm_counts_30_steps_in_us_central1_and_10_in_europe_west4_for_240_rows() -> None:
    assert palm_train_steps(240, 1, "us-central1") == 30
    assert palm_train_steps(240, 1, "europe-west4") == 10


def test_palm_steps_cover_the_last_partial_batch() -> None:
    assert palm_train_steps(9, 1, "us-central1") == 2


def test_a_region_whose_batch_size_is_unknown_is_refused_with_what_to_do() -> None:
    with pytest.raises(UsageError, match="asia-east1") as raised:
        palm_train_steps(240, 1, "asia-east1")
    assert "train_steps" in raised.value.next_step


def test_a_palm_run_of_4_517292_hours_on_8_accelerators_at_1_dollar_costs_36_14() -> None:
    assert palm_tuning_cost(4.517292, 8, 1.0) == 36.14
