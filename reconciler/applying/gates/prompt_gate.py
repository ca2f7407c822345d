"""Sends the prompts of a file to a candidate, a few at a time, and counts the answers that are as expected."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from reconciler.applying.gates.matching import mismatch
from reconciler.applying.gates.result import GateResult
from reconciler.applying.interrupt import Interrupt
from reconciler.core.prompts import Prompt, PromptFile
from reconciler.datasets.problems import Problem
from reconciler.errors import CloudError, ReplyLost, ResourceExhausted, ServerFault, TuneformError

Ask = Callable[[Prompt], Mapping[str, Any]]
"""Sends one prompt; raises CloudError, or Problem when the service has no words for it."""

AT_ONCE = 4
TRIES = 5
FIRST_PAUSE = 0.5
MOST_NAMED = 20


def judge_prompts(file: PromptFile, min_pass: float, ask: Ask, interrupt: Interrupt) -> GateResult:
    """The part of the prompts that were answered as expected. Raises TuneformError when one cannot be asked."""

    def judged(prompt: Prompt) -> str:
        try:
            return _reason(prompt, _answer_of(prompt, ask, interrupt))
        except Problem as problem:
            raise TuneformError(str(problem), where=f"{file.file}:{prompt.line}", next_step=problem.hint) from None

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tasks = [pool.submit(judged, prompt) for prompt in file.prompts]
        try:
            reasons = [task.result() for task in tasks]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    failed = [(prompt.line, reason) for prompt, reason in zip(file.prompts, reasons, strict=True) if reason]
    total, good = len(file.prompts), len(file.prompts) - len(failed)
    share = good / total
    detail = f"{good} of {total} prompts answered as expected, {min_pass:.4g} asked for"
    if failed:
        detail += f"; {file.file}: {'; '.join(_named(failed))}"
    return GateResult("prompts", share >= min_pass, detail, share, min_pass)


def _named(failed: Sequence[tuple[int, str]]) -> Iterator[str]:
    for line, reason in failed[:MOST_NAMED]:
        yield f"line {line}: {reason}"
    if len(failed) > MOST_NAMED:
        yield f"and {len(failed) - MOST_NAMED} more"


def _answer_of(prompt: Prompt, ask: Ask, interrupt: Interrupt) -> Mapping[str, Any]:
    """Asking changes nothing, so what may pass by itself is asked again."""
    pause = FIRST_PAUSE
    for attempt in range(1, TRIES + 1):
        if interrupt.requested:
            raise TuneformError("judging was interrupted", next_step="The next apply begins it anew.")
        try:
            return ask(prompt)
        except (ResourceExhausted, ServerFault, ReplyLost) as error:
            if attempt == TRIES:
                raise
            wait = getattr(error, "retry_after", None) or pause
        interrupt.wait(min(wait, 30.0))
        pause *= 2
    raise CloudError("the prompt could not be asked")


def _reason(prompt: Prompt, answer: Mapping[str, Any]) -> str:
    text, trouble = text_of(answer)
    return trouble or mismatch(prompt.expectation, text)


def text_of(answer: Mapping[str, Any]) -> tuple[str, str]:
    """The text of a generateContent answer without the model's thoughts, and why there is none if there is none."""
    candidates = answer.get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else None
    if not isinstance(first, Mapping):
        feedback = answer.get("promptFeedback")
        blocked = feedback.get("blockReason") if isinstance(feedback, Mapping) else None
        return "", f"no answer ({blocked or 'no candidates'})"
    content = first.get("content")
    parts = content.get("parts") if isinstance(content, Mapping) else None
    texts = [
        part["text"]
        for part in (parts if isinstance(parts, list) else ())
        if isinstance(part, Mapping) and isinstance(part.get("text"), str) and not part.get("thought")
    ]
    reason = str(first.get("finishReason", "STOP"))
    if not texts and reason not in ("STOP", "FINISH_REASON_UNSPECIFIED"):
        return "", f"no answer ({reason})"
    return "".join(texts), ""
