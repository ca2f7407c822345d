"""`tuneform completion`: what a shell loads to complete verbs and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb
from reconciler.errors import TuneformError

COMPLETE_VARIABLE = "_TUNEFORM_COMPLETE"


HELP = """Print completion for a shell.

\b
bash:  eval "$(tuneform completion bash)"       in ~/.bashrc
zsh:   eval "$(tuneform completion zsh)"        in ~/.zshrc
fish:  tuneform completion fish | source        in ~/.config/fish/config.fish
"""


@click.command("completion", cls=Verb, help=HELP)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print what the shell is to load."""
    session = ctx.ensure_object(Session)
    known = get_completion_class(shell)
    if known is None:
        raise TuneformError(f"there is no completion for {shell}", next_step="Use bash, zsh or fish.")
    completion = known(ctx.find_root().command, {}, "tuneform", COMPLETE_VARIABLE)
    # Not `source()`, which starts a shell to ask for its version.
    session.console.print((completion.source_template % completion.source_vars()).strip("\n"))
    return 0
