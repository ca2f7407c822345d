"""`tuneform output`: what applications should call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import converts, formats
from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.core.address import Address
from reconciler.errors import UsageError


@click.command("output", cls=Verb)
@click.argument("address", required=False, callback=converts(Address.parse))
@formats("text", "json")
@click.option("--raw", metavar="FIELD", help="One field of ADDRESS alone, for scripts: endpoint, model, version, …")
@click.pass_obj
def command(session: Session, address: Address | None, form: str, raw: str | None) -> int:
    """Show the endpoint, model and version that serve now, of ADDRESS or of everything."""
    if raw is not None and address is None:
        raise UsageError("--raw needs an ADDRESS", next_step="For example: tuneform output TunedModel/x --raw endpoint")
    outputs = session.engine().outputs(address)
    if raw is not None:
        session.console.print(_field(outputs[str(address)], raw))
    elif form == "json":
        from reconciler.reports.json_report import json_text

        session.console.print(json_text(outputs if address is None else outputs[str(address)]))
    else:
        _print_text(session, outputs)
    return exit_codes.DONE


def _field(values: Mapping[str, Any], name: str) -> str:
    from reconciler.reports.escape import visible

    if name not in values:
        raise UsageError(f"there is no field {name!r}", next_step=f"Fields: {', '.join(values)}.")
    return visible(str(values[name]))


def _print_text(session: Session, outputs: Mapping[str, Mapping[str, Any]]) -> None:
    from reconciler.reports.escape import visible
    from reconciler.reports.palette import Style

    console = session.console
    if not outputs:
        console.print("Nothing serves yet. `tuneform status` shows what is under way.")
    for index, (address, values) in enumerate(outputs.items()):
        if index:
            console.print()
        console.print(console.palette.paint(visible(address), Style.BOLD))
        told = {name: value for name, value in values.items() if value != ""}
        longest = max((len(name) for name in told), default=0)
        for name, value in told.items():
            console.print(f"  {name:{longest}}  {visible(_in_words(value))}")


def _in_words(value: Any) -> str:
    """A field for people; the traffic of an endpoint as `status` words it."""
    if isinstance(value, list):
        return ", ".join(f"{share['percent']} % {share['address']} v{share['version']}" for share in value)
    return str(value)
