"""The project file: what holds for every spec, and what is merged under and over them."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.core.desired import GoogleSettings, Limits, Policy, Project
from reconciler.core.diagnostics import Source
from reconciler.core.ignoring import IgnoreRule
from reconciler.spec.check import check_incomplete
from reconciler.spec.explain import in_words
from reconciler.spec.files import read_text
from reconciler.spec.findings import Findings
from reconciler.spec.kinds.project import ProjectDocument
from reconciler.spec.kinds.vertex import DEFAULT_LOCATION
from reconciler.spec.merge import matches
from reconciler.spec.paths import BadPath, inside, is_beneath
from reconciler.spec.places import VALUE, Layer, Places, SpecSources
from reconciler.spec.reporter import Reporter
from reconciler.spec.shape import conform, shape_of
from reconciler.spec.yaml_reader import FieldPath, read_documents

_GOOGLE_PROJECT = re.compile(r"[a-z0-9](?:[a-z0-9.:-]{0,60}[a-z0-9])?")
_BUCKET_URI = re.compile(r"(?:gs|s3)://[a-z0-9][a-z0-9._-]{1,220}[a-z0-9](?:/\S*)?")


@dataclass(frozen=True, slots=True)
class SpecLayer:
    """Fields that are merged with specs, and where they stand."""

    fields: Mapping[str, Any]
    place: Layer
    match: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """A project file that was read, or what holds without one.

    `specs` are patterns, each with the place that names it. `used` collects the overrides that matched a spec.
    """

    project: Project
    location: str
    specs: tuple[tuple[str, Source | None], ...]
    defaults: Mapping[str, SpecLayer] = field(default_factory=dict)
    overrides: tuple[tuple[SpecLayer, Mapping[str, SpecLayer]], ...] = ()
    used: set[int] = field(default_factory=set)

    @property
    def has_layers(self) -> bool:
        """Whether anything is merged with specs."""
        return bool(self.defaults or self.overrides)

    def layers_for(
        self, kind: str, name: str, labels: Mapping[str, Any]
    ) -> tuple[tuple[SpecLayer, ...], tuple[SpecLayer, ...]]:
        """What goes over and what goes under one spec, the strongest first."""
        over = []
        for index, (override, by_kind) in enumerate(self.overrides):
            if matches(override.match, kind, name, labels):
                self.used.add(index)
                if kind in by_kind:
                    over.append(by_kind[kind])
        under = (self.defaults[kind],) if kind in self.defaults else ()
        return tuple(over), under


def without_file(root: str, environ: Mapping[str, str], findings: Findings) -> ProjectFile:
    """What holds in a folder that has no project file."""
    return _built(root, project_name(root), {}, environ, None, findings)


def project_name(root: str) -> str:
    """A folder's name as a label value."""
    name = re.sub(r"[^a-z0-9_-]+", "-", root.rpartition("/")[2].lower()).strip("-")[:63]
    return name or "project"


def read_project_file(root: str, name: str, environ: Mapping[str, str], findings: Findings) -> ProjectFile | None:
    """The project file `name` in the folder `root`; None, with findings, when it cannot be used."""
    real = os.path.realpath(f"{root}/{name}")
    if not is_beneath(root, real):
        findings.error(
            "outside_project", "the project file leads out of its folder by way of a link", Source(name, 1, 1)
        )
        return None
    text = read_text(real, name, findings)
    if text is None:
        return None
    documents = list(read_documents(text, findings))
    if len(documents) != 1 or not isinstance(documents[0].value, dict):
        if not findings.has_errors:
            findings.error(
                "not_a_spec", "a project file holds exactly one document, of kind Project", Source(name, 1, 1)
            )
        return None
    places = Places.of(documents[0])
    report = Reporter(findings, SpecSources(places))
    value = conform(shape_of(ProjectDocument), documents[0].value, (), report)
    check_incomplete(ProjectDocument, value, report, _may_lack)
    _check_ignores(value, report)
    if report.errors or documents[0].damaged:
        return None
    return _from_document(root, value, environ, report)


def _may_lack(path: FieldPath) -> bool:
    """Defaults and overrides are parts of specs; what they lack, the specs have."""
    return path[:2] == ("spec", "defaults") or (path[:2] == ("spec", "overrides") and len(path) > 3)


def _check_ignores(value: Mapping[str, Any], report: Reporter) -> None:
    """A rule that names nothing would pass over everything."""
    for path, rule in _ignores(value.get("spec")):
        if isinstance(rule, Mapping) and rule.keys().isdisjoint(("address", "resource", "kind")):
            report.error("missing_field", f"{in_words(path)} needs address, resource or kind", path)


def _ignores(spec: Any) -> Iterator[tuple[FieldPath, Any]]:
    drift = spec.get("drift") if isinstance(spec, Mapping) else None
    rules = drift.get("ignore") if isinstance(drift, Mapping) else None
    for index, rule in enumerate(rules if isinstance(rules, list) else ()):
        yield ("spec", "drift", "ignore", str(index)), rule


def _from_document(
    root: str, value: dict[str, Any], environ: Mapping[str, str], report: Reporter
) -> ProjectFile | None:
    spec = value.get("spec", {})
    places = report.sources.own
    defaults = {
        kind: SpecLayer(fields, (places, ("spec", "defaults", kind)))
        for kind, fields in spec.get("defaults", {}).items()
    }
    overrides = tuple(
        _override(item, places, ("spec", "overrides", str(index)))
        for index, item in enumerate(spec.get("overrides", []))
    )
    rest = {name: part for name, part in spec.items() if name not in ("defaults", "overrides")}
    typed = ProjectDocument.model_validate({**value, "spec": rest}).model_dump(by_alias=True, exclude_unset=True)
    built = _built(root, typed["metadata"]["name"], typed["spec"], environ, report, report.findings)
    return ProjectFile(built.project, built.location, built.specs, defaults, overrides)


def _override(item: Mapping[str, Any], places: Places, path: FieldPath) -> tuple[SpecLayer, Mapping[str, SpecLayer]]:
    by_kind = {kind: SpecLayer(fields, (places, (*path, kind))) for kind, fields in item.items() if kind != "match"}
    return SpecLayer({}, (places, path), item["match"]), by_kind


def _built(
    root: str,
    name: str,
    spec: Mapping[str, Any],
    environ: Mapping[str, str],
    report: Reporter | None,
    findings: Findings,
) -> ProjectFile:
    google = spec.get("google", {})
    limits, policy = spec.get("limits", {}), spec.get("policy", {})
    project = Project(
        name=name,
        root=root,
        state=_state(root, spec, report),
        google=GoogleSettings(
            project=google.get("project") or _google_project(environ, findings),
            location=google.get("location", ""),
            quota_project=google.get("quotaProject", ""),
            impersonate=google.get("impersonate", ""),
        ),
        limits=Limits(
            max_concurrent_jobs=limits.get("maxConcurrentJobs", 1),
            max_cost_usd=limits.get("maxCostUSD"),
            max_deletes=limits.get("maxDeletes", 0),
        ),
        policy=Policy(
            base_models=tuple(policy.get("baseModels", ())),
            locations=tuple(policy.get("locations", ())),
            require_labels=tuple(policy.get("requireLabels", ())),
            require_service_account=policy.get("requireServiceAccount", False),
            require_cmek=policy.get("requireCmek", False),
            dataset_buckets=tuple(policy.get("datasetBuckets", ())),
        ),
        publish=_manifest(root, spec["publish"], report) if "publish" in spec else "",
        catalog=_place(root, spec["catalog"], ("spec", "catalog"), report) if "catalog" in spec else "",
        ignores=tuple(_ignore_rule(rule, path, report) for path, rule in _ignores(spec)),
    )
    return ProjectFile(project, google.get("location", DEFAULT_LOCATION), _patterns(spec, report))


def _ignore_rule(rule: Mapping[str, str], path: FieldPath, report: Reporter | None) -> IgnoreRule:
    return IgnoreRule(
        reason=rule["reason"],
        owner=rule["owner"],
        until=dt.date.fromisoformat(rule["until"]),
        address=rule.get("address", ""),
        resource=rule.get("resource", ""),
        kind=rule.get("kind", ""),
        path=rule.get("path", ""),
        source=report.sources.place(path, VALUE) if report is not None else None,
    )


def _patterns(spec: Mapping[str, Any], report: Reporter | None) -> tuple[tuple[str, Source | None], ...]:
    if report is None or "specs" not in spec:
        return (("specs", None),)
    return tuple(
        (pattern, report.sources.place(("spec", "specs", str(index)), VALUE))
        for index, pattern in enumerate(spec["specs"])
    )


def _google_project(environ: Mapping[str, str], findings: Findings) -> str:
    project = environ.get("GOOGLE_CLOUD_PROJECT", "")
    if project and _GOOGLE_PROJECT.fullmatch(project) is None:
        findings.error("invalid_format", "GOOGLE_CLOUD_PROJECT must be a Google Cloud project's id or number", None)
        return ""
    return project


def _manifest(root: str, written: str, report: Reporter | None) -> str:
    """Where the manifest goes: an object's URI as it is, or an absolute path beneath the root."""
    path: FieldPath = ("spec", "publish")
    place = _place(root, written, path, report)
    if report is None:
        return place
    if place.startswith("/"):
        if _is_somebody_elses(Path(place)):
            hint = "Name a file that is not there yet, such as out/serving.json."
            report.error("invalid_path", f"publish would overwrite {written}", path, hint=hint, which=VALUE)
        return place
    if place.startswith("s3://"):
        hint = "Write gs://bucket/serving.json, or a path such as out/serving.json that a later step copies to S3."
        report.error("not_supported", "publish to s3:// is not supported in this version", path, hint=hint, which=VALUE)
    elif place and (place.count("/") < 3 or place.endswith("/")):  # gs://bucket/name
        hint = f"Write {place.rstrip('/')}/serving.json."
        report.error("invalid_path", "publish must name an object, not a folder", path, hint=hint, which=VALUE)
    return place


def _is_somebody_elses(place: Path) -> bool:
    """Whether something is there that is no manifest, and so must not be replaced by one."""
    if not os.path.lexists(place):
        return False
    try:
        document = json.loads(place.read_bytes()) if place.is_file() else None
    except (OSError, ValueError, RecursionError):
        return True
    return not (isinstance(document, dict) and {"format_version", "serving"} <= document.keys())


def _state(root: str, spec: Mapping[str, Any], report: Reporter | None) -> str:
    """The state's place; a folder that also holds specs would hide them from every plan."""
    path: FieldPath = ("spec", "state")
    place = _place(root, spec.get("state", "state/"), path, report)
    if report is None or not place.startswith("/") or place == root:
        return place
    for pattern in spec.get("specs", ["specs/"]):
        if f"{os.path.normpath(f'{root}/{pattern}')}/".startswith(f"{place}/"):
            report.error("invalid_path", f"state must be a folder of its own: {pattern} is in it", path, which=VALUE)
    return place


def _place(root: str, written: str, path: FieldPath, report: Reporter | None) -> str:
    """A bucket's URI as it is, anything else as an absolute path beneath the root."""
    if written.startswith(("gs://", "s3://")) and _BUCKET_URI.fullmatch(written):
        return written
    try:
        return inside(root, written)
    except BadPath as error:
        if report is not None:
            report.error(error.code, f"{path[-1]} {error}", path, which=VALUE)
        return ""
