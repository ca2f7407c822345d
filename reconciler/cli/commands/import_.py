"""`tuneform import`: models that are live already, or a pasted request body, become specs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import converts, formats
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.core.address import Address
from reconciler.errors import UsageError

# The folder that a dry run speaks of when none is named.
LOOKED_AT = "specs"
PROVIDERS = ("vertex", "gemini", "palm")


@dataclass(frozen=True, slots=True)
class _Flags:
    """The flags of one import, as typed."""

    address: Address | None
    name: str | None
    adopt_all: bool
    out: str | None
    filters: tuple[str, ...]
    locations: tuple[str, ...]
    providers: tuple[str, ...]
    dry_run: bool
    request: str | None
    method: str | None
    spec_name: str | None


@click.command("import", cls=Verb)
@click.argument("address", required=False, callback=converts(Address.parse))
@click.argument("name", required=False)
@click.option("--all", "adopt_all", is_flag=True, help="Adopt everything live; needs --out, or --dry-run.")
@click.option("--out", metavar="PATH", help="The folder that specs go to; with --from-request the file, or its folder.")
@click.option(
    "--filter",
    "filters",
    multiple=True,
    metavar="KEY=VALUE",
    help="Only label=k:v, location=…, state=…, name=GLOB, newer=30d, older=90d; may be repeated, all must hold.",
)
@click.option("--location", "locations", multiple=True, help="Look there; the project's own when not given.")
@click.option("--provider", "providers", multiple=True, type=click.Choice(PROVIDERS), help="Only that service.")
@click.option("--dry-run", is_flag=True, help="Say what would be adopted; write nothing.")
@click.option("--from-request", "request", metavar="FILE", help="Make a spec of a pasted request body instead.")
@click.option("--method", metavar="URL", help="The method the body was sent to, if its shape does not say.")
@click.option("--name", "spec_name", metavar="NAME", help="The name of the spec made from a request.")
@formats("text", "json")
@click.pass_obj
def command(session: Session, /, form: str, **flags: Any) -> int:
    """Adopt tuned models and endpoints that were not made by tuneform. Nothing is changed at Google.

    ADDRESS NAME adopts, for TunedModel/x, the model that a resource name leads to: a tuning job, a pipeline, a model,
    an endpoint or tunedModels/ID; for Endpoint/x the endpoint of that name. If a spec declares ADDRESS already, it is
    recorded; else its spec is printed, or written and recorded with --out.
    """
    given = _Flags(**flags)
    _check_usage(given)
    if given.request is not None:
        return _from_request(session, given, given.request, form)
    return _adopt(session, given, form)


def _check_usage(flags: _Flags) -> None:
    one = flags.address is not None
    if sum((one, flags.adopt_all, flags.request is not None)) != 1 or one != (flags.name is not None):
        raise UsageError(
            "say what to import",
            where="tuneform import",
            next_step="Give ADDRESS and NAME, or --all --out DIR, or --from-request FILE.",
        )
    if flags.adopt_all and flags.out is None and not flags.dry_run:
        hint = "Add --out specs/, or --dry-run to look first."
        raise UsageError("needs a folder for the specs", where="--all", next_step=hint)
    if not flags.adopt_all and (flags.filters or flags.providers or flags.dry_run):
        raise UsageError("go with --all", where="--filter, --provider and --dry-run", next_step="Add --all.")
    if flags.request is None and (flags.method or flags.spec_name):
        raise UsageError("go with --from-request", where="--method and --name", next_step="Leave them out.")
    if flags.request is not None and flags.locations:
        hint = "Give the method's URL with --method: it names the location."
        raise UsageError("does not go with --from-request", where="--location", next_step=hint)


def _adopt(session: Session, flags: _Flags, form: str) -> int:
    from reconciler.applying.adopting.filters import Filter
    from reconciler.applying.adopting.outcomes import ImportOptions
    from reconciler.cli.import_report import import_dict, import_lines
    from reconciler.reports.json_report import json_text

    out = flags.out or (LOOKED_AT if flags.adopt_all else None)
    folder = session.path(out) if out is not None else None
    if flags.address is not None and flags.name is not None:
        result = session.engine().import_one(flags.address, flags.name, out=folder, locations=flags.locations)
    else:
        options = ImportOptions(
            out=folder or Path(),
            locations=flags.locations,
            providers=flags.providers,
            filters=tuple(Filter.parse(text) for text in flags.filters),
            dry_run=flags.dry_run,
        )
        result = session.engine().import_all(options)
    console = session.console
    if result.text and form == "text":
        console.print(result.text.rstrip("\n"))
        if not session.quiet:
            # Not on stdout: what is printed there is the spec.
            console.error("Nothing was recorded. Save this among your specs and import again, or add --out specs/")
    elif form == "json":
        console.print(json_text({**import_dict(result), "spec": result.text} if result.text else import_dict(result)))
    else:
        console.lines(import_lines(result, console.palette))
    return exit_codes.INCOMPLETE if result.unreadable else exit_codes.DONE


def _from_request(session: Session, flags: _Flags, file: str, form: str) -> int:
    from reconciler.applying.adopting.files import create_file
    from reconciler.reports.escape import visible
    from reconciler.reports.json_report import json_text

    address, text = _spec_of_request(session, flags, file)
    out = _file_for(session, flags.out, address)
    if out:
        create_file(session.path(out), text, shown_as=out)
    if form == "json":
        session.console.print(json_text({"address": str(address), "file": out, "spec": text}))
    else:
        session.console.print(f"{visible(out)} written: {address}" if out else text.rstrip("\n"))
    return exit_codes.DONE


def _spec_of_request(session: Session, flags: _Flags, file: str) -> tuple[Address, str]:
    from reconciler.applying.adopting.naming import name_from
    from reconciler.spec.load import check_draft
    from reconciler.spec.pasted import DISPLAY_NAME, read_request
    from reconciler.spec.writing import spec_text

    pasted = read_request(_content(session, file), where=file, method=flags.method or "")
    name = flags.spec_name or name_from(pasted.display_name or Path(file).stem, "tuned-model")
    address = Address.parse(f"TunedModel/{name}")
    field = DISPLAY_NAME[pasted.backend]
    body = {key: value for key, value in pasted.body.items() if key != field or value != name}
    comments = [f"Made from the request body in {Path(file).name}."]
    comments.extend(f"{path} is left out: specs have no such field." for path in pasted.left_out)
    text = spec_text(address, pasted.labels, {pasted.backend: body}, comments=comments)
    check_draft(f"the spec made of {Path(file).name}", text)
    return address, text


def _file_for(session: Session, out: str | None, address: Address) -> str:
    """The file to write, in a folder that was named if it is one; empty for none. Raises UsageError."""
    from reconciler.applying.adopting.files import folder_in_project
    from reconciler.applying.adopting.naming import file_of

    if out is None:
        return ""
    file = f"{out.rstrip('/')}/{file_of(address)}" if out.endswith("/") or session.path(out).is_dir() else out
    folder_in_project(session.path(file).parent, os.path.realpath(session.folder))
    return file


def _content(session: Session, file: str) -> str:
    import sys

    from reconciler.spec.pasted import LARGEST

    try:
        if file == "-":
            data = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with session.path(file).open("rb") as stream:
                data = stream.read(LARGEST + 1)
        return data.decode("utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise UsageError(f"cannot be read: {why}", where=file, next_step="Name a file with a request body.") from error
