"""Gemini turns: contents, parts and roles, as supervised and preference rows share them.

https://docs.cloud.google.com/gemini-enterprise-agent-platform/models/tuning/supervised-tuning (dataset pages)
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import msgspec

from reconciler.datasets.decoding import one_spelling
from reconciler.datasets.problems import Problem, Warn, warn_within
from reconciler.datasets.tokens import weigh, weigh_json

Speaker = Literal["user", "model"]


class FileData(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A file in Cloud Storage or on the web."""

    mime_type: str | None = msgspec.field(name="mimeType", default=None)
    mime_type_snake: str | None = msgspec.field(name="mime_type", default=None)
    file_uri: str | None = msgspec.field(name="fileUri", default=None)
    file_uri_snake: str | None = msgspec.field(name="file_uri", default=None)
    display_name: str | None = msgspec.field(name="displayName", default=None)
    display_name_snake: str | None = msgspec.field(name="display_name", default=None)


class FunctionCall(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A call that the model makes."""

    name: str
    args: dict[str, Any] | None = None
    id: str | None = None


class FunctionResponse(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """What the called function answered."""

    name: str
    response: dict[str, Any]
    id: str | None = None


class Part(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One piece of a turn. `inlineData` is read only to be refused with a reason."""

    text: str | None = None
    file_data: FileData | None = msgspec.field(name="fileData", default=None)
    file_data_snake: FileData | None = msgspec.field(name="file_data", default=None)
    function_call: FunctionCall | None = msgspec.field(name="functionCall", default=None)
    function_call_snake: FunctionCall | None = msgspec.field(name="function_call", default=None)
    function_response: FunctionResponse | None = msgspec.field(name="functionResponse", default=None)
    function_response_snake: FunctionResponse | None = msgspec.field(name="function_response", default=None)
    inline_data: Any = msgspec.field(name="inlineData", default=None)
    inline_data_snake: Any = msgspec.field(name="inline_data", default=None)
    media_resolution: Any = msgspec.field(name="mediaResolution", default=None)
    media_resolution_snake: Any = msgspec.field(name="media_resolution", default=None)
    video_metadata: Any = msgspec.field(name="videoMetadata", default=None)
    video_metadata_snake: Any = msgspec.field(name="video_metadata", default=None)
    thought: bool | None = None
    thought_signature: str | None = msgspec.field(name="thoughtSignature", default=None)
    thought_signature_snake: str | None = msgspec.field(name="thought_signature", default=None)


class Content(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """One turn."""

    parts: list[Part]
    role: str | None = None


class Turns(NamedTuple):
    """What a list of turns amounts to."""

    weight: int
    multimodal: bool


def check_turns(contents: list[Content], last: Speaker, warn: Warn) -> Turns:
    """Checks that user and model alternate, from the user to `last`, and every part. Raises Problem.

    The answer to a function call takes the user's place; it may have no role, as in Google's own sample.
    """
    if not contents:
        raise Problem("dataset_turns", "has no turn", path="contents")
    weight, multimodal = 0, False
    before: Speaker | None = None
    for index, content in enumerate(contents):
        place = f"contents[{index}]"
        try:
            speaker = _SPEAKERS.get(content.role) or _speaker_without_a_role(content)
            if speaker == before:
                raise Problem("dataset_turns", f"is a second turn of the {speaker} in a row", hint=_ALTERNATE)
            if before is None and speaker != "user":
                raise Problem("dataset_turns", "is the first turn and not the user's", hint=_ALTERNATE)
            size, files = check_parts(content.parts, speaker, warn_within(warn, place))
        except Problem as problem:
            raise problem.within(place) from None
        weight += size
        multimodal = multimodal or files
        before = speaker
    if before != last:
        raise Problem("dataset_turns", f"ends with a turn of the {before}", path="contents", hint=_ENDS[last])
    return Turns(weight, multimodal)


_SPEAKERS: dict[str | None, Speaker] = {"user": "user", "model": "model"}
_ALTERNATE = "Turns alternate, beginning with `user`."
_ENDS: dict[Speaker, str] = {
    "model": "The last turn is the answer to learn, of the role `model`.",
    "user": "The last turn is the user's; the answers stand in `completions`.",
}
_ROLES = {
    "assistant": "Gemini's word for it is `model`.",
    "system": "A system instruction stands in `systemInstruction`, beside `contents`.",
    "developer": "A system instruction stands in `systemInstruction`, beside `contents`.",
}


def _speaker_without_a_role(content: Content) -> Speaker:
    role = content.role
    parts = content.parts
    answers = bool(parts) and all(p.function_response or p.function_response_snake for p in parts)
    if answers and role in (None, "function", "tool"):
        return "user"
    if role is None:
        raise Problem("dataset_role", "has no role", hint="Roles are `user` and `model`.")
    raise Problem("dataset_role", "is neither `user` nor `model`", path="role", hint=_ROLES.get(role, ""))


def check_parts(parts: list[Part], speaker: Speaker, warn: Warn) -> tuple[int, bool]:
    """The weight of one turn's parts, and whether a file is among them. Raises Problem."""
    if not parts:
        raise Problem("dataset_part", "is empty", path="parts", hint="A turn has at least one part.")
    weight, files = 0, False
    for index, part in enumerate(parts):
        text = part.text
        # Nearly every part is text alone; one comparison tells those from the rest.
        if text is not None and part == Part(text):
            if not text or text.isspace():
                warn(_empty_text(index))
            weight += weigh(text)
            continue
        try:
            weight += _weigh_special_part(part, speaker)
        except Problem as problem:
            raise problem.within(f"parts[{index}]") from None
        files = files or (part.file_data or part.file_data_snake) is not None
    return weight, files


def _empty_text(index: int) -> Problem:
    return Problem("dataset_empty_text", "is empty", path=f"parts[{index}].text", severity="warning")


def _weigh_special_part(part: Part, speaker: Speaker) -> int:
    file_data = one_spelling(part.file_data, part.file_data_snake, "fileData")
    call = one_spelling(part.function_call, part.function_call_snake, "functionCall")
    response = one_spelling(part.function_response, part.function_response_snake, "functionResponse")
    if part.inline_data is not None or part.inline_data_snake is not None:
        raise Problem(
            "dataset_part", "has inline data", hint="Put the file into Cloud Storage and name it in `fileData`."
        )
    kinds = [kind for kind in (part.text, file_data, call, response) if kind is not None]
    if len(kinds) != 1:
        what = "is empty" if not kinds else "is of two kinds at once"
        raise Problem("dataset_part", what, hint="A part is one of text, fileData, functionCall and functionResponse.")
    if part.text is not None:
        return weigh(part.text)
    if call is not None:
        if speaker != "model":
            raise Problem("dataset_part", "is a function call of the user", hint="Only a `model` turn calls functions.")
        return weigh(call.name) + weigh_json(call.args or {})
    if response is not None:
        if speaker == "model":
            raise Problem("dataset_part", "is a function response of the model", hint="It stands in a turn of its own.")
        return weigh(response.name) + weigh_json(response.response)
    if file_data is not None:
        _check_file(file_data)
    return 0


def _check_file(file: FileData) -> None:
    mime_type = one_spelling(file.mime_type, file.mime_type_snake, "mimeType")
    uri = one_spelling(file.file_uri, file.file_uri_snake, "fileUri")
    one_spelling(file.display_name, file.display_name_snake, "displayName")
    if not mime_type or not uri:
        raise Problem("dataset_part", "needs both `mimeType` and `fileUri`", path="fileData")
    if not uri.startswith(("gs://", "https://", "http://")):
        raise Problem("dataset_part", "is not a gs:// or http(s) address", path="fileData.fileUri")


def check_instruction(camel: Content | None, snake: Content | None, warn: Warn) -> int:
    """The weight of a system instruction; its role is ignored, as Google does. Raises Problem."""
    content = one_spelling(camel, snake, "systemInstruction")
    if content is None:
        return 0
    try:
        weight, files = check_parts(content.parts, "user", warn_within(warn, "systemInstruction"))
        if files:
            raise Problem("dataset_part", "has a file in it", hint="A system instruction is text.")
    except Problem as problem:
        raise problem.within("systemInstruction") from None
    return weight
