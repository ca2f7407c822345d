"""Page tokens: where a list goes on, and for which request they are good."""

import base64
import binascii
import zlib

from reconciler.emulator.google_errors import invalid_argument


def stamp_of(*asked: object) -> int:
    """Changes with everything that must stay the same from page to page."""
    return zlib.crc32(repr(asked).encode())


def write_token(place: int, stamp: int) -> str:
    """The token for going on at `place`."""
    return base64.urlsafe_b64encode(f"{place}.{stamp}".encode()).decode()


def read_token(token: str, stamp: int) -> int | None:
    """The place to go on from; None for no token. Raises ApiError (400) for one that was not made for this request."""
    if not token:
        return None
    try:
        place, _, made_for = base64.urlsafe_b64decode(token).decode("ascii").partition(".")
        if int(made_for) == stamp:
            return int(place)
    except (binascii.Error, ValueError):
        pass
    raise invalid_argument("The page token is not valid for this request.", "page_token")
