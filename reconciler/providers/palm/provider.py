"""PaLM 2 tuning pipelines behind the Protocol that every tuning service fills.

The models and endpoints that pipelines leave are Vertex AI's, and so are the calls for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.core.desired import Backend, TunedModel
from reconciler.core.metrics import RunMetrics
from reconciler.core.observed import Observed, Run
from reconciler.core.state import Record, Version
from reconciler.providers.palm import creating, observing, predicting
from reconciler.providers.protocol import CreateRequest, Submission
from reconciler.providers.vertex.provider import VertexProvider, VertexReader


class PalmReader(VertexReader):
    """Looks at tuning pipelines and what they left; sends nothing but GETs."""

    @property
    def backend(self) -> Backend:
        """Which provider block it serves."""
        return "palm"

    def observe(self, models: Sequence[TunedModel], records: Sequence[Record]) -> Observed:
        """Everything these specs and records concern, by listing pages.

        What cannot be read goes to `unreadable`. Raises CredentialsError or UsageError when nothing can be asked.
        """
        return observing.observe(self._client, self._project_label, models, records)

    def run(self, name: str) -> Run:
        """One pipeline with the model that it made. Raises NotFound."""
        return observing.get_run(self._client, name)

    def runs_in(self, project: str, location: str) -> Sequence[Run]:
        """Every tuning pipeline of one location, all pages. Raises rather than give a part."""
        return tuple(observing.list_runs(self._client, project, location).values())

    def metrics(self, version: Version) -> RunMetrics:
        """Nothing but where to look: a pipeline writes to the tensorboard that its parameters name, else to none."""
        board = next((b for body in (version.resolved, version.body) if (b := _tensorboard(body))), "")
        if board:
            return RunMetrics(elsewhere=f"The pipeline of v{version.number} measures into {board}: look there.")
        return RunMetrics(
            elsewhere="PaLM pipelines measure only into the tensorboard that parameterValues.tensorboard_resource_id "
            f"names, and that of v{version.number} names none."
        )


class PalmProvider(PalmReader, VertexProvider):
    """Looks at tuning pipelines and what they left, and writes to them."""

    def create_request(
        self, model: TunedModel, *, body: Mapping[str, Any], labels: Mapping[str, str], attempt: str
    ) -> CreateRequest:
        """The request that would tune `model`, `body` being its block with every reference resolved."""
        return creating.create_request(model, body=body, labels=labels, attempt=attempt)

    def submit(self, request: CreateRequest) -> Submission:
        """Send it, once: no retry, no redirect, on a fresh connection. Never raises for what the server does."""
        return creating.submit(self._client, request)

    def generate(
        self, version: Version, contents: Sequence[Mapping[str, Any]], settings: Mapping[str, Any] | None = None
    ) -> Mapping[str, Any]:
        """What a version answers, asked by predict. Raises Problem for a prompt that its family cannot be asked."""
        return predicting.generate(self._client, version, contents, settings or {})


def _tensorboard(body: Mapping[str, Any]) -> str:
    config = body.get("runtimeConfig")
    parameters = config.get("parameterValues") if isinstance(config, Mapping) else None
    board = parameters.get("tensorboard_resource_id") if isinstance(parameters, Mapping) else None
    return board if isinstance(board, str) else ""
