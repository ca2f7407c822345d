"""`tuneform state`: the recorded state, looked at and mended by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from reconciler.cli import exit_codes
from reconciler.cli.options import converts, formats
from reconciler.cli.session import Session
from reconciler.cli.verbs import VerbGroup
from reconciler.core.address import Address
from reconciler.errors import StateError, TuneformError

LARGEST_STATE = 1024 * 1024 * 1024


@click.group("state", cls=VerbGroup)
def command() -> None:
    """Look at the recorded state, or mend it.

    Nothing here touches Google: what is taken out of the state goes on existing, and costing.
    """


@command.command("list")
@formats("text", "json")
@click.pass_obj
def list_addresses(session: Session, form: str) -> int:
    """List what is recorded."""
    addresses = [str(address) for address in session.engine().state_list()]
    if form == "json":
        from reconciler.reports.json_report import json_text

        session.console.print(json_text(addresses))
    else:
        session.console.lines(addresses)
    return exit_codes.DONE


@command.command("show")
@click.argument("address", callback=converts(Address.parse))
@formats("json")
@click.pass_obj
def show(session: Session, address: Address, form: str) -> int:  # noqa: ARG001 - there is one format so far
    """Show all that is recorded of ADDRESS, as JSON."""
    import msgspec

    from reconciler.reports.json_report import json_text

    record = session.engine().state_show(address)
    session.console.print(json_text({**msgspec.to_builtins(record), "address": str(record.address)}))
    return exit_codes.DONE


@command.command("rm")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS...", callback=converts(Address.parse))
@click.pass_obj
def remove(session: Session, addresses: tuple[Address, ...]) -> int:
    """Forget ADDRESS. What it stands for is not deleted."""
    engine = session.engine()
    recorded = engine.state_list()
    for address in addresses:
        if address not in recorded:
            raise StateError(
                "is not in the state; nothing was removed",
                where=str(address),
                next_step="See what is: tuneform state list",
            )
    for address in dict.fromkeys(addresses):
        engine.state_remove(address)
        session.console.print(f"{address} is forgotten; nothing was deleted.")
    return exit_codes.DONE


@command.command("mv")
@click.argument("old", callback=converts(Address.parse))
@click.argument("new", callback=converts(Address.parse))
@click.pass_obj
def move(session: Session, old: Address, new: Address) -> int:
    """Record OLD under NEW from now on, after renaming its spec."""
    session.engine().state_move(old, new)
    session.console.print(f"{old} is {new} now.")
    return exit_codes.DONE


@command.command("pull")
@click.pass_obj
def pull(session: Session) -> int:
    """Print the state as it is stored."""
    session.console.bytes(session.engine().state_pull())
    return exit_codes.DONE


@command.command("push")
@click.argument("file")
@click.option("--force", is_flag=True, help="Even over a newer state, or one of another lineage.")
@click.pass_obj
def push(session: Session, file: str, force: bool) -> int:
    """Make FILE the state; - is standard input."""
    state = session.engine().state_push(_content(session, file), force=force)
    session.console.print(f"The state is {file if file != '-' else 'what was given'} now, serial {state.serial}.")
    return exit_codes.DONE


def _content(session: Session, file: str) -> bytes:
    try:
        if file == "-":
            return sys.stdin.buffer.read(LARGEST_STATE)
        path: Path = session.path(file)
        if path.stat().st_size > LARGEST_STATE:
            raise TuneformError("the file is too large for a state", where=file, next_step="Nothing was changed.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise TuneformError(
            f"the file cannot be read: {why}", where=file, next_step="Name a file that `tuneform state pull` wrote."
        ) from error


@command.command("history")
@formats("text", "json")
@click.pass_obj
def history(session: Session, form: str) -> int:
    """List the kept copies, newest first."""
    copies = session.engine().state_history()
    if form == "json":
        import msgspec

        from reconciler.reports.json_report import json_text

        session.console.print(json_text(msgspec.to_builtins(copies)))
        return exit_codes.DONE
    from reconciler.reports.escape import visible

    if not copies:
        session.console.print("No copies are kept yet.")
    digits = max((len(str(copy.serial)) for copy in copies), default=0)
    for copy in copies:
        remark = copy.problem or ("" if copy.follows else "does not follow the copy before it")
        resources = f"{copy.resources} resource{'' if copy.resources == 1 else 's'}"
        line = f"serial {copy.serial:{digits}}  {copy.written_at}  {resources}  tuneform {copy.tool_version}"
        session.console.print(visible(f"{line}  {remark}".rstrip()))
    return exit_codes.DONE


@command.command("restore")
@click.argument("serial", type=click.IntRange(min=1))
@click.pass_obj
def restore(session: Session, serial: int) -> int:
    """Make the kept copy of SERIAL the state again."""
    state = session.engine().state_restore(serial)
    session.console.print(f"The copy of serial {serial} is the state again, as serial {state.serial}.")
    return exit_codes.DONE


@command.command("unlock")
@click.option("--force", is_flag=True, help="Even if the run that holds the lock may be alive.")
@click.pass_obj
def unlock(session: Session, force: bool) -> int:
    """Let the next run in after one that ended without releasing the lock."""
    from reconciler.reports.escape import visible

    holder = session.engine().state_unlock(force=force)
    session.console.print(f"Unlocked; it was held: {visible(str(holder))}." if holder else "The state was not locked.")
    return exit_codes.DONE
