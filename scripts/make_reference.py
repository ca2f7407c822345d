"""Writes docs/reference/: the command line, the spec language, the reason codes and the catalog, from the code itself.

`--check` writes nothing and fails when a page is not what the code says.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from reconciler.catalog import BaseModel
from reconciler.catalog.load import load_catalog
from reconciler.cli.main import program
from reconciler.planning.reasons import Code
from reconciler.spec.schema import json_schema

FOLDER = Path(__file__).resolve().parent.parent / "docs/reference"
Schema = Mapping[str, Any]
# Named but not spelt out: Google's own evaluation settings, and specs inside a project's defaults and overrides.
NOT_ENTERED = ("EvaluationConfig", "ByKind")


def main() -> int:
    pages = {
        "cli.md": cli_page(),
        "specs.md": specs_page(),
        "reasons.md": reasons_page(),
        "base-models.md": base_models_page(),
    }
    stale = [name for name, text in pages.items() if not _same(FOLDER / name, text)]
    if "--check" in sys.argv:
        print("\n".join(f"docs/reference/{name} is not what the code says: run make reference" for name in stale))
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        (FOLDER / name).write_text(text)
    return 0


def _same(path: Path, text: str) -> bool:
    return path.exists() and path.read_text() == text


def cli_page() -> str:
    lines = ["# Command line", "", "Generated from the program; `tuneform COMMAND --help` says the same.", ""]
    context = click.Context(program, info_name="tuneform")
    lines += _command(context, "tuneform")
    for name, command in _commands(program, context):
        lines += _command(click.Context(command, info_name=name, parent=context), f"tuneform {name}")
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=context)
            for sub, leaf in _commands(command, inner):
                lines += _command(click.Context(leaf, info_name=sub, parent=inner), f"tuneform {name} {sub}")
    return "\n".join(lines).rstrip() + "\n"


def _commands(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield name, command


def _command(context: click.Context, title: str) -> list[str]:
    context.max_content_width = context.terminal_width = 100
    return [f"## {title}", "", "```text", context.command.get_help(context), "```", ""]


def reasons_page() -> str:
    head = "# Reason codes\n\nEvery change of a plan carries at least one; scripts may rely on the codes.\n\n"
    rows = "".join(f"| `{code.value}` | {code.meaning} |\n" for code in Code)
    return f"{head}| code | meaning |\n|---|---|\n{rows}"


def base_models_page() -> str:
    catalog = load_catalog()
    models = catalog.models.values()
    lines = [
        "# Base models",
        "",
        f"What the packaged catalog of {catalog.date} knows, each fact with where it was read. Facts move: they warn",
        "and estimate, and Google's answer decides. [Costs](../costs.md) says how a project brings its own.",
        "",
        *_table("base model", "methods", "tuned in", "adapter sizes", "USD per 1M", "tuning ends", "retires", "then"),
        *(_base_model_row(model) for model in models),
        "",
        "## Limits of the data",
        "",
        *_table("base model", "tokens a row", "rows", "rows with files", "bytes", "validation rows"),
        *(row for model in models if (row := _limits_row(model))),
        "",
        "## Sources",
        "",
        *(line for model in models for line in _sources(model)),
    ]
    return "\n".join(lines) + "\n"


def _table(*headings: str) -> tuple[str, str]:
    return _row(headings), f"|{'---|' * len(headings)}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _limits_row(model: BaseModel) -> str:
    rows = (model.max_rows, model.max_multimodal_rows)
    limits = (model.max_tokens_per_example, *rows, model.max_bytes, model.max_validation_rows)
    return _row((f"`{model.id}`", *(f"{limit:,}" if limit else "" for limit in limits))) if any(limits) else ""


def _sources(model: BaseModel) -> Iterator[str]:
    yield f"- `{model.id}`"
    yield from (f"  - {fact}: {source}" for fact, source in model.sources.items())
    if model.price_source:
        yield f"  - price: {model.price_source}"


def _base_model_row(model: BaseModel) -> str:
    price = f"{model.price_per_million_tokens:.2f}" if model.price_per_million_tokens else "not known"
    price += f" ({model.price_date})" if model.price_date else ""
    retires = f"{'not before ' if model.retires_is_earliest else ''}{model.retires}" if model.retires else ""
    cells = (
        f"`{model.id}`",
        ", ".join(model.methods),
        ", ".join(model.tuning_regions),
        ", ".join(str(size) for size in model.adapter_sizes),
        price,
        str(model.tuning_ends or ""),
        retires,
        f"`{model.successor}`" if model.successor else "",
    )
    return _row(cells)


def specs_page() -> str:
    schema = json_schema()
    lines = [
        "# Specs",
        "",
        "Generated from the JSON Schema that `tuneform schema` prints, which has every field down to the last.",
        "Fields may be written in camelCase or snake_case.",
        "",
    ]
    for reference in schema["oneOf"]:
        name = reference["$ref"].rsplit("/", 1)[1]
        lines += [f"## {name.removesuffix('Document')}", "", schema["$defs"][name].get("description", ""), ""]
        lines += ["| field | type | |", "|---|---|---|"]
        lines += [f"| `{path}` | {kind} | {text} |" for path, kind, text in _fields(name, schema, "", ())]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _fields(name: str, schema: Schema, prefix: str, above: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Every field beneath a definition, as (dotted path, type, description); a definition is never entered twice."""
    definition = schema["$defs"][name]
    required = set(definition.get("required", ()))
    for field, value in definition.get("properties", {}).items():
        path = f"{prefix}{field}"
        star = " **required**" if field in required else ""
        yield path, _kind(value), _cell(value.get("description", "")) + star
        inner = _definition_in(value)
        if inner and inner not in (*above, *NOT_ENTERED):
            yield from _fields(inner, schema, f"{path}{'[]' if value.get('type') == 'array' else ''}.", (*above, inner))


def _definition_in(value: Schema) -> str:
    options = [value, value.get("items", {}), *value.get("anyOf", ()), *value.get("allOf", ())]
    return next((o["$ref"].rsplit("/", 1)[1] for o in options if "$ref" in o and "/properties/" not in o["$ref"]), "")


def _kind(value: Schema) -> str:
    if "enum" in value:
        return " \\| ".join(f"`{choice}`" for choice in value["enum"][:8])
    if "const" in value:
        return f"`{value['const']}`"
    if "anyOf" in value:
        kinds = dict.fromkeys(_kind(option) for option in value["anyOf"])
        return " or ".join(k for k in kinds if k) or "any"
    return "object" if "$ref" in value or "allOf" in value else str(value.get("type", "any"))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
