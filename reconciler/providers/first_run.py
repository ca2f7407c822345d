"""Google's remedy for the very first tuning of a project, which can fail with 500 INTERNAL: an empty dataset.

Making one sets up what tuning needs in a region; five minutes later it is there. Source: Google's page on tuning PaLM
text models ("Troubleshooting"), confirmed for tuningJobs by GoogleCloudPlatform/generative-ai#873.
"""

from __future__ import annotations

from datetime import UTC, datetime

from reconciler.cloud.client import Client
from reconciler.cloud.operations import parse_operation
from reconciler.core.moments import parse_moment
from reconciler.providers.vertex import paths

NAME = "tuneform-first-run"
_SCHEMA = "gs://google-cloud-aiplatform/schema/dataset/metadata/text_1.0.0.yaml"


class FirstRun:
    """Makes the empty dataset, once a region."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def prepare(self, project: str, location: str) -> tuple[bool, datetime]:
        """Whether it was made just now, and the moment from which it is there. Raises CloudError."""
        path = paths.collection(project, location, "datasets")
        url = paths.in_location(location, path)
        datasets = self._client.pages(url, "datasets", {"filter": f'display_name="{NAME}"', "pageSize": 100})
        there = [str(d.get("createTime", "")) for d in datasets if d.get("displayName") == NAME]
        if there:
            return False, parse_moment(min(there)) or self._now()
        answer = self._client.post(url, {"displayName": NAME, "metadataSchemaUri": _SCHEMA})
        operation = parse_operation(answer, where=f"POST {path}")
        if operation.error is not None:
            raise operation.error
        return True, self._now()

    def _now(self) -> datetime:
        return self._client.server_date() or datetime.now(UTC)
