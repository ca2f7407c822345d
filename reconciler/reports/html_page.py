"""Pages that need nothing but themselves: no script, font or picture, and nothing in them may be run."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any


def page(name: str, **values: Any) -> str:
    """The page of `templates/<name>.html` in the style of `templates/<name>.css`. Every value is escaped.

    The template also gets `style`, and `style_hash` for its Content-Security-Policy.
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    folder = resources.files("reconciler.reports") / "templates"
    style = (folder / f"{name}.css").read_text(encoding="utf-8")
    template = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    ).from_string((folder / f"{name}.html").read_text(encoding="utf-8"))
    return template.render(
        style=Markup(style),  # noqa: S704 - a file of this package
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        **values,
    )
