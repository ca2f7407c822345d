"""Reading a project: files to documents, documents to specs, specs to what is desired.

Every finding of a run is reported together: after a mistake reading goes on with the next field, document, file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from reconciler.core.address import Address
from reconciler.core.desired import Desired, Project
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.errors import SpecError
from reconciler.spec import build
from reconciler.spec.documents import Declared, Spec, declare, resolve
from reconciler.spec.files import PROJECT_FILE, SpecFiles, is_named_by
from reconciler.spec.findings import Findings
from reconciler.spec.fingerprint import spec_digest
from reconciler.spec.places import Places
from reconciler.spec.project_file import ProjectFile, read_project_file, without_file
from reconciler.spec.references import Reference, check_references, references_of
from reconciler.spec.rules import check_rules
from reconciler.spec.source_text import SourceText, decode
from reconciler.spec.yaml_reader import read_documents

MOST_DOCUMENTS = 100_000
References = Mapping[Address, tuple[Reference, ...]]


@dataclass(frozen=True, slots=True)
class Loaded:
    """A project that was read. `diagnostics` are warnings; errors are raised."""

    desired: Desired
    diagnostics: tuple[Diagnostic, ...]


def load(
    root: Path,
    *,
    project_file: Path | None = None,
    environ: Mapping[str, str],
    paths: Iterable[Path] | None = None,
    drafts: Mapping[str, str] | None = None,
) -> Loaded:
    """Read the project in the folder `root`, or the one that `project_file` (relative to `root`) describes.

    Without `project_file`, tuneform.yaml in `root` is used if there is one. With `paths` (relative to the project's
    folder, or absolute) only what these files declare, and what that depends on, is returned and reported; the rest of
    the project is read for the sake of references. `drafts` are files that are about to be written, as text by path
    (relative to the project's folder): they are read as if they were there, and folders of specs may be missing.
    Raises SpecError with everything found when anything is an error.
    """
    findings = Findings()
    project = open_project(root, project_file, environ, findings)
    files = _spec_files(project, findings, to_be_written=drafts is not None)
    chosen = frozenset[str]().union(*(files.add(_relative(files.root, path), None) for path in paths or ()))
    texts = chain(files.read(), _drafts(project, drafts or {}, findings))
    declared, specs = _read(project, texts, findings)
    references = {address: references_of(spec) for address, spec in specs.items()}
    for spec in specs.values():
        check_rules(spec, project.project.root)
    check_references(specs, declared, references, findings)
    if paths is None:
        _warn_of_the_unused(project, specs, references, findings)
    else:
        specs = _chosen(specs, references, chosen)
        findings = findings.restricted_to(chosen | {_name(project_file)})
    findings.raise_if_errors()
    desired = _desired(project, specs, references)
    return Loaded(desired, findings.sorted())


def check_draft(path: str, text: str) -> None:
    """Check one file that is about to be written, by itself. Raises SpecError with everything found."""
    findings = Findings()
    source = decode(path, text.encode(errors="surrogatepass"), findings)
    project = without_file("/", {}, findings)
    if source is not None:
        _, specs = _read(project, [source], findings)
        for spec in specs.values():
            check_rules(spec, project.project.root)
    findings.raise_if_errors()


def load_project(root: Path, *, project_file: Path | None = None, environ: Mapping[str, str]) -> Project:
    """Only what the project file says, for commands that need no spec. Raises SpecError when it cannot be used."""
    findings = Findings()
    project = open_project(root, project_file, environ, findings)
    findings.raise_if_errors()
    return project.project


def with_google_project(desired: Desired, project: str) -> Desired:
    """The same specs in another Google Cloud project: for when only the credentials say which one it is."""
    changed = replace(
        desired,
        project=replace(desired.project, google=replace(desired.project.google, project=project)),
        models={address: replace(model, project=project) for address, model in desired.models.items()},
        endpoints={address: replace(endpoint, project=project) for address, endpoint in desired.endpoints.items()},
    )
    return replace(changed, spec_digest=spec_digest(changed))


def _name(project_file: Path | None) -> str:
    return project_file.name if project_file else PROJECT_FILE


def open_project(root: Path, project_file: Path | None, environ: Mapping[str, str], findings: Findings) -> ProjectFile:
    """What the project file says. Raises SpecError when it cannot be used."""
    folder = (root / project_file).parent if project_file else root
    real = os.path.realpath(folder)
    name = _name(project_file)
    project: ProjectFile | None = None
    if not Path(real).is_dir():
        findings.error("file_missing", f"the folder {folder} does not exist", None)
    elif project_file is None and not os.path.lexists(f"{real}/{name}"):
        project = without_file(real, environ, findings)
    else:
        project = read_project_file(real, name, environ, findings)
    if project is None:
        raise SpecError(findings.sorted())
    return project


def _spec_files(project: ProjectFile, findings: Findings, *, to_be_written: bool) -> SpecFiles:
    """The files that the project names as its specs."""
    root = project.project.root
    local = [path for path in (project.project.state, project.project.publish) if path.startswith("/")]
    files = SpecFiles(
        root, findings, ignored=frozenset(map(os.path.realpath, local)) - {root}, to_be_written=to_be_written
    )
    for pattern, source in project.specs:
        files.add(pattern, source)
    return files


def _relative(root: str, path: Path) -> str:
    """A path as patterns are written; one that is not beneath the root stays as it is and will be refused."""
    if not path.is_absolute():
        return path.as_posix()
    real = f"{os.path.realpath(path.parent)}/{path.name}"
    return os.path.relpath(real, root) if real.startswith(root + "/") else path.as_posix()


def _drafts(project: ProjectFile, drafts: Mapping[str, str], findings: Findings) -> Iterator[SourceText]:
    """Files to be, each where the project would read it."""
    for path, text in drafts.items():
        if not any(is_named_by(path, pattern) for pattern, _ in project.specs):
            patterns = ", ".join(pattern for pattern, _ in project.specs)
            hint = f"The project reads {patterns}; choose a folder there, or add one to spec.specs."
            findings.error("outside_specs", f"{path} would not be read as a spec", Source(path, 1, 1), hint=hint)
            continue
        source = decode(path, text.encode(errors="surrogatepass"), findings)
        if source is not None:
            yield source


def _read(
    project: ProjectFile, texts: Iterable[SourceText], findings: Findings
) -> tuple[frozenset[Address], dict[Address, Spec]]:
    """Every address that is declared, and every spec that is right in itself, by address."""
    first: dict[Address, tuple[str, Places]] = {}
    specs: dict[Address, Spec] = {}
    for document in _declarations(texts, findings):
        if document.address in first:
            _report_twin(document, *first[document.address], findings)
            continue
        first[document.address] = document.name, document.places
        spec = resolve(document, project, findings) if document.usable else None
        if spec is not None:
            specs[spec.address] = spec
    return frozenset(first), dict(sorted(specs.items()))


def _report_twin(document: Declared, name: str, places: Places, findings: Findings) -> None:
    kind, path = document.address.kind, ("metadata", "name")
    before = places.nearest(path)
    if name == document.name:
        code, message = "duplicate_address", f"{kind}/{name} is declared twice; first at {before}"
    else:
        code, message = "case_twin", f"{kind}/{document.name} and {kind}/{name} at {before} differ in case only"
    findings.error(code, message, document.places.nearest(path), address=str(document.address))


def _declarations(texts: Iterable[SourceText], findings: Findings) -> Iterator[Declared]:
    count = 0
    for text in texts:
        for document in read_documents(text, findings):
            count += 1
            if count > MOST_DOCUMENTS:
                place = Source(text.file, document.line + 1, 1)
                message = f"the project has more than {MOST_DOCUMENTS:,} specs"
                findings.error("too_large", message, place, hint="Split the project.")
                findings.incomplete = True
                return
            declared = declare(document, findings)
            if declared is not None:
                yield declared


def _warn_of_the_unused(
    project: ProjectFile, specs: Mapping[Address, Spec], references: References, findings: Findings
) -> None:
    used = {reference.target for mentioned in references.values() for reference in mentioned}
    # A spec with mistakes in it may be the one that uses a dataset.
    is_known = not findings.has_errors
    for address, spec in specs.items():
        if is_known and address.kind == "Dataset" and address not in used:
            spec.report.warn("unused_dataset", f"no spec uses {address}", ("metadata", "name"))
    for index, (override, _) in enumerate(project.overrides):
        if index not in project.used:
            places, path = override.place
            findings.warn("unused_override", "the override matches no spec", places.nearest((*path, "match")))


def _chosen(specs: Mapping[Address, Spec], references: References, files: frozenset[str]) -> dict[Address, Spec]:
    """The specs of some files, and what they depend on."""
    wanted = [address for address, spec in specs.items() if spec.report.sources.own.file in files]
    kept: dict[Address, Spec] = {}
    while wanted:
        address = wanted.pop()
        if address in specs and address not in kept:
            kept[address] = specs[address]
            wanted.extend(reference.target for reference in references[address])
    return dict(sorted(kept.items()))


def _desired(project: ProjectFile, specs: Mapping[Address, Spec], references: References) -> Desired:
    settings, location = project.project, project.location
    depends_on = {a: tuple(dict.fromkeys(r.target for r in references[a])) for a in specs}
    desired = Desired(
        project=settings,
        models={
            a: build.tuned_model(s, settings, location, depends_on[a])
            for a, s in specs.items()
            if a.kind == "TunedModel"
        },
        datasets={a: build.dataset(s, settings) for a, s in specs.items() if a.kind == "Dataset"},
        endpoints={
            a: build.endpoint(s, settings, location, depends_on[a]) for a, s in specs.items() if a.kind == "Endpoint"
        },
        spec_digest="",
    )
    return replace(desired, spec_digest=spec_digest(desired))
