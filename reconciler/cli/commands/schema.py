"""`tuneform schema`: the JSON Schema of specs."""

from __future__ import annotations

import click

from reconciler.cli.session import Session
from reconciler.cli.verbs import Verb


@click.command("schema", cls=Verb)
@click.pass_obj
def command(session: Session) -> int:
    """Print the JSON Schema of specs and project files.

    Editors use it for completion and checking; in VS Code, for example:
    `# yaml-language-server: $schema=tuneform.schema.json` as the first line of a spec.
    """
    from reconciler.reports.json_report import json_text
    from reconciler.spec.schema import json_schema

    session.console.print(json_text(json_schema()))
    return 0
