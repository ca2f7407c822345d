"""Digests of the parts of a spec that decisions depend on.

They are taken over canonical JSON of settled values, so spelling, order, comments and style never matter, and fields
that a later version adds do not change those of specs that do not use them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from reconciler.core.address import Address
from reconciler.core.canonical import digest
from reconciler.core.desired import DatasetContent, Desired, Endpoint, TunedModel
from reconciler.spec.fields import EVALUATION, body_of, training_body


def training_fingerprint(model: TunedModel, contents: Mapping[Address, DatasetContent]) -> str:
    """`sha256:…` over what a version is trained with: another one means another version.

    Raises DatasetError when a dataset's content is not known.
    """
    return digest({"backend": model.backend, "body": training_body(model, contents)})


def evaluation_fingerprint(model: TunedModel, contents: Mapping[Address, DatasetContent]) -> str:
    """`sha256:…` over what a version is judged by: validation data, evaluation, gates.

    Raises DatasetError when a dataset's content is not known.
    """
    body = body_of(model, EVALUATION, contents)
    return digest({"backend": model.backend, "body": body, "gates": dict(model.gates)})


def spec_digest(desired: Desired) -> str:
    """`sha256:…` over every resolved spec of a project, and over what the project says for all."""
    project = desired.project
    return digest(
        {
            "project": [project.name, asdict(project.google), asdict(project.limits), asdict(project.policy)],
            "models": {str(address): _model(model) for address, model in desired.models.items()},
            "datasets": {str(a): [d.file, d.format, d.bucket] for a, d in desired.datasets.items()},
            "endpoints": {str(address): _endpoint(endpoint) for address, endpoint in desired.endpoints.items()},
        }
    )


def _model(model: TunedModel) -> list[Any]:
    return [
        model.backend,
        model.project,
        model.location,
        model.body,
        model.display_name,
        model.labels,
        model.lifecycle,
        model.gates,
    ]


def _endpoint(endpoint: Endpoint) -> list[Any]:
    return [
        endpoint.project,
        endpoint.location,
        endpoint.body,
        endpoint.display_name,
        endpoint.labels,
        endpoint.lifecycle,
    ]
