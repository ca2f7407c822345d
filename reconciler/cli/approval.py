"""Asking a person before anything is done."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from reconciler.cli.session import Session
from reconciler.cli.signals import asking
from reconciler.core.plan import Plan
from reconciler.errors import Held
from reconciler.reports.escape import visible
from reconciler.reports.palette import Style


@dataclass(frozen=True, slots=True)
class Approver:
    """Asks once for each plan that needs a yes. `form` is the output's: nobody can be asked in between JSON."""

    session: Session
    form: str
    verb: str

    def __call__(self, plan: Plan) -> bool:
        """Whether the plan may be carried out. Raises Held where there is nobody to ask."""
        if self.form == "json" or not _can_be_asked():
            raise Held(
                "nobody is here to approve this plan",
                next_step=f"Give --auto-approve, or approve a saved one: tuneform plan"
                f"{' --destroy' if self.verb == 'destroy' else ''} --out FILE, then tuneform {self.verb} FILE.",
            )
        console = self.session.console
        console.print(f"\n{console.palette.paint(_question(plan, self.verb), Style.BOLD)}")
        console.print("  Only 'yes' will be accepted to approve.\n")
        try:
            with asking():
                answer = input("  Enter a value: ")
        except EOFError:
            console.print()
            answer = ""
        return answer.strip() == "yes"


def _question(plan: Plan, verb: str) -> str:
    if verb == "destroy":
        return f"Do you really want to delete what {visible(plan.project)} manages?"
    return f"Do you want to carry out these actions for {visible(plan.project)}?"


def _can_be_asked() -> bool:
    try:
        return sys.stdin is not None and sys.stdin.isatty()
    except ValueError:
        return False
