"""Taking away what a version left behind: undeploy, then endpoints, then the model.

Google refuses to delete what is deployed, and an endpoint has no force. An endpoint that somebody else's model also
stands on is emptied of ours and left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from reconciler.applying.operations import OperationWaiter
from reconciler.core.observed import LiveEndpoint
from reconciler.core.resource_names import key_of, parse_resource_name
from reconciler.errors import NotFound
from reconciler.providers.protocol import TuningProvider

_DELETED_ALONE = frozenset({"models", "tunedModels", "pipelineJobs"})


@dataclass(frozen=True, slots=True)
class Teardown:
    """Deletes resources by name. `say` is told of each step as (resource, what happened)."""

    provider: TuningProvider
    waiter: OperationWaiter
    say: Callable[[str, str], None]

    def take_away(
        self,
        targets: Sequence[str],
        *,
        ours: frozenset[str] = frozenset(),
        shared_models: frozenset[str] = frozenset(),
    ) -> None:
        """Remove endpoints, models and the records of pipelines, in the order given.

        `ours` are keys of models that may be taken off an endpoint besides those among the targets; where neither names
        one, everything is. `shared_models` are keys whose other versions stay.

        Raises what the API raises; what is gone already counts as removed.
        """
        models = ours | frozenset(key_of(t) for t in targets if _collection(t) == "models")
        for target in targets:
            if _collection(target) == "endpoints":
                self._endpoint(target, models)
            elif _collection(target) in _DELETED_ALONE:
                self._model(target, shared=key_of(target) in shared_models)

    def _endpoint(self, name: str, ours: frozenset[str]) -> None:
        try:
            endpoint = self.provider.endpoint(name)
        except NotFound:
            return
        foreign = [d for d in endpoint.deployed if ours and key_of(d.model) not in ours]
        remaining = endpoint
        for deployed in endpoint.deployed:
            if deployed in foreign:
                continue
            remaining = self._undeploy(remaining, deployed.id)
        if foreign:
            self.say(name, "kept: a model that is not tuneform's is deployed on it")
            return
        self.waiter.gone(lambda: self.provider.delete_endpoint(name), f"deleting {name}")
        self.say(name, "deleted")

    def _undeploy(self, endpoint: LiveEndpoint, deployed_id: str) -> LiveEndpoint:
        traffic = without(endpoint.traffic, deployed_id)
        self.waiter.gone(
            lambda: self.provider.undeploy(endpoint.name, deployed_id, traffic), f"undeploying from {endpoint.name}"
        )
        self.say(endpoint.name, f"undeployed {deployed_id}")
        left = tuple(d for d in endpoint.deployed if d.id != deployed_id)
        return LiveEndpoint(name=endpoint.name, deployed=left, traffic=traffic)

    def _model(self, name: str, *, shared: bool) -> None:
        target = name if shared else name.partition("@")[0]
        self.waiter.gone(lambda: self.provider.delete_model(target), f"deleting {target}")
        self.say(target, "deleted")


def _collection(name: str) -> str:
    parsed = parse_resource_name(name)
    return parsed.collection if parsed else name.partition("/")[0]


def without(traffic: Mapping[str, int], deployed_id: str) -> dict[str, int]:
    """The traffic that the others carry once one is taken off: they keep their proportions and add to 100."""
    rest = {k: v for k, v in traffic.items() if k != deployed_id and v > 0}
    total = sum(rest.values())
    if not total:
        return {}
    scaled = {k: v * 100 // total for k, v in rest.items()}
    largest = max(scaled, key=lambda k: (scaled[k], k))
    scaled[largest] += 100 - sum(scaled.values())
    return scaled
