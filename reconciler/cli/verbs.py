"""How commands are made: verbs that take the global options too, and groups that import a verb when it is typed."""

from __future__ import annotations

import importlib
import keyword
from collections.abc import Callable, Mapping
from typing import Any

import click

from reconciler.cli.session import Session


def _sets(name: str, value: Callable[[Any], Any] = lambda given: given) -> Callable[..., None]:
    """A callback that notes a global option in the session, if it was given."""

    def note(ctx: click.Context, _param: click.Parameter, given: Any) -> None:
        if given:
            setattr(ctx.ensure_object(Session), name, value(given))

    return note


def _print_version(ctx: click.Context, _param: click.Parameter, given: bool) -> None:
    if given and not ctx.resilient_parsing:
        from reconciler import __version__

        click.echo(f"tuneform {__version__}")
        ctx.exit()


def global_options(*, hidden: bool) -> list[click.Parameter]:
    """The options that may stand before or after the verb; only the program's own help lists them."""
    common: dict[str, Any] = {"expose_value": False, "hidden": hidden}
    return [
        click.Option(
            ["-C", "directory"], metavar="DIR", callback=_sets("directory"), help="Work in that folder.", **common
        ),
        click.Option(
            ["-f", "project_file"],
            metavar="FILE",
            callback=_sets("project_file"),
            help="The project file, if it is not tuneform.yaml.",
            **common,
        ),
        click.Option(
            ["--no-color"],
            is_flag=True,
            callback=_sets("colour", lambda _: False),
            help="No colours (also: NO_COLOR=1).",
            **common,
        ),
        click.Option(["--quiet"], is_flag=True, callback=_sets("quiet"), help="Results only: no hints.", **common),
        click.Option(["--verbose"], is_flag=True, callback=_sets("verbose"), help="More detail on trouble.", **common),
        click.Option(
            ["--version"], is_flag=True, is_eager=True, callback=_print_version, help="Show the version.", **common
        ),
    ]


class Verb(click.Command):
    """A command that also takes the global options, but for those whose name it uses itself."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        own = {name for param in self.params for name in param.opts}
        self.params.extend(option for option in global_options(hidden=True) if own.isdisjoint(option.opts))


class VerbGroup(click.Group):
    """A command with commands of its own, such as `state`, that also takes the global options."""

    command_class = Verb

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.params.extend(global_options(hidden=True))


class Program(click.Group):
    """The whole program. `verbs` maps each verb to its line in the help; its module is imported when it is typed."""

    def __init__(self, *, verbs: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(**attributes)
        self.verbs = verbs
        self.params.extend(global_options(hidden=False))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The verbs in the order in which they are used."""
        return list(self.verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """The verb of that name."""
        if cmd_name not in self.verbs:
            return None
        # `import` cannot be the name of a module that is to be imported by name.
        module = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = importlib.import_module(f"reconciler.cli.commands.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that was typed; a near miss is answered with a suggestion."""
        name = args[0]
        if name not in self.verbs and not name.startswith("-") and not ctx.resilient_parsing:
            from difflib import get_close_matches

            near = get_close_matches(name, self.verbs, n=1)
            suggestion = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {name!r}.{suggestion}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The list of verbs, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.verbs.items()))
