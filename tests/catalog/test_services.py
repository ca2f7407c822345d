"""Which services still take new tunes."""

from reconciler.catalog.services import service_of


def test_vertex_takes_new_tunes() -> None:
    assert service_of("vertex").takes_new_tunes


def test_the_gemini_api_takes_none_since_may_2025() -> None:
    service = service_of("gemini")
    assert not service.takes_new_tunes
    assert service.ended == "2025-05"


def test_palm_takes_none_since_october_2024() -> None:
    service = service_of("palm")
    assert not service.takes_new_tunes
    assert service.ended == "2024-10-09"


def test_a_closed_service_says_why_what_to_do_instead_and_where_it_was_read() -> None:
    for backend in ("gemini", "palm"):
        service = service_of(backend)
        assert service.reason
        assert "vertex" in service.instead
        assert all(source.startswith("https://") for source in service.sources)
        assert service.sources
