"""A PipelineJob as it comes over the wire, cut down to what is needed.

Source: GoogleCloudAiplatformV1PipelineJob in the aiplatform v1 discovery document. `jobDetail` is not in lists.
"""

from __future__ import annotations

from typing import Any

import msgspec

from reconciler.providers.decoding import Status, Wire


class PipelineJob(Wire):
    """PipelineJob. What is nested in its configuration stays as it comes."""

    name: str
    state: str = ""
    display_name: str = ""
    template_uri: str = ""
    runtime_config: dict[str, Any] | None = None
    labels: dict[str, str] | None = None
    service_account: str = ""
    network: str = ""
    encryption_spec: dict[str, Any] | None = None
    create_time: str = ""
    start_time: str = ""
    end_time: str = ""
    error: Status | None = None
    job_detail: dict[str, Any] | None = None


class PipelineJobs(Wire):
    """A page of pipeline jobs."""

    pipeline_jobs: list[PipelineJob] = msgspec.field(default_factory=list)
    next_page_token: str = ""


decode_jobs = msgspec.json.Decoder(PipelineJobs, strict=False).decode
