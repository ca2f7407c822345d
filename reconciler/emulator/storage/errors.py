"""Errors as the Cloud Storage JSON API writes them: a list of reasons, and no google.rpc status name."""

from typing import Any


class StorageError(Exception):
    """A request that is refused, or a 304. `reason` is the word clients look at; `location` names the culprit."""

    def __init__(self, http_status: int, reason: str, message: str, location: tuple[str, str] | None = None) -> None:
        super().__init__(message)
        self.http_status = http_status
        self.reason = reason
        self.message = message
        self.location = location

    def body(self) -> dict[str, Any]:
        """The answer's JSON."""
        detail = {"message": self.message, "domain": "global", "reason": self.reason}
        if self.location is not None:
            detail["locationType"], detail["location"] = self.location
        return {"error": {"code": self.http_status, "message": self.message, "errors": [detail]}}


def bucket_not_found() -> StorageError:
    """404 for a bucket."""
    return StorageError(404, "notFound", "The specified bucket does not exist.")


def object_not_found(bucket: str, name: str) -> StorageError:
    """404 for an object, or for a generation of it that is not there any more."""
    return StorageError(404, "notFound", f"No such object: {bucket}/{name}")


def invalid(message: str) -> StorageError:
    """400 for the request as a whole or its body."""
    return StorageError(400, "invalid", message)


def invalid_parameter(name: str, text: str) -> StorageError:
    """400 for the value of one query parameter."""
    return StorageError(400, "invalidParameter", f"Invalid value '{text}' for '{name}'.", ("parameter", name))


def not_emulated(what: str) -> StorageError:
    """501 for what Cloud Storage has and the emulator has not: better no answer than a wrong one."""
    return StorageError(501, "notImplemented", f"The emulator does not have {what}.")
