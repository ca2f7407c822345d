"""How counted things and money are written."""

from reconciler.core.amounts import counted, dollars


def test_one_thing_is_not_written_as_several() -> None:
    assert [counted(number, "row") for number in (0, 1, 2)] == ["0 rows", "1 row", "2 rows"]


def test_what_costs_something_never_reads_as_free() -> None:
    assert [dollars(usd) for usd in (0, 0.004, 0.01, 1234.5)] == ["US$0.00", "under US$0.01", "US$0.01", "US$1,234.50"]
