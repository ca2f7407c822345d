"""A dataset held against what its base model takes. Limits drift, so they warn; Google's answer decides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from reconciler.catalog import BaseModel
from reconciler.core.amounts import counted
from reconciler.core.diagnostics import Diagnostic, Source
from reconciler.datasets.inspect import Inspection

# "100 examples or more" is advised for supervised and preference tuning alike.
ADVISED_ROWS = 100
# Beyond this many, validation rows are also limited to a share of the training rows.
FREE_VALIDATION_ROWS = 1000
VALIDATION_SHARE = 0.3


def check_limits(
    inspection: Inspection,
    base_model: BaseModel,
    *,
    use: Literal["training", "validation"] = "training",
    training_rows: int | None = None,
) -> tuple[Diagnostic, ...]:
    """Warnings where the dataset is beyond what the catalog records for the model.

    `training_rows` is the size of the training set that a validation set goes with. A file that could not be read to
    its end is not judged.
    """
    if inspection.content is None:
        return ()
    checks = [_tokens(inspection, base_model), _bytes(inspection, base_model)]
    if use == "training":
        checks += [_training_rows(inspection, base_model)]
    else:
        checks += [_validation_rows(inspection, base_model, training_rows)]
    return tuple(diagnostic for check in checks for diagnostic in check)


def _warning(inspection: Inspection, code: str, message: str, hint: str, line: int = 1) -> Diagnostic:
    return Diagnostic("warning", code, message, source=Source(inspection.file, line, 1), hint=hint)


def _tokens(inspection: Inspection, model: BaseModel) -> Iterator[Diagnostic]:
    longest, limit = inspection.stats.longest_tokens, model.max_tokens_per_example
    if limit is not None and longest > limit:
        message = f"the row has about {longest} tokens; {model.id} takes {limit} in one example"
        hint = "Longer rows are cut off or dropped; shorten it."
        yield _warning(inspection, "dataset_limit_tokens", message, hint, inspection.stats.longest_line)


def _bytes(inspection: Inspection, model: BaseModel) -> Iterator[Diagnostic]:
    limit = model.max_bytes
    if inspection.content is not None and limit is not None and inspection.content.size > limit:
        message = f"the file has {inspection.content.size} bytes; {model.id} takes {limit}"
        yield _warning(inspection, "dataset_limit_bytes", message, "Sample it, or split it between runs.")


def _training_rows(inspection: Inspection, model: BaseModel) -> Iterator[Diagnostic]:
    rows, multimodal = inspection.stats.rows, inspection.stats.multimodal_rows
    if model.max_rows is not None and rows > model.max_rows:
        message = f"the file has {rows} rows; {model.id} takes {model.max_rows}"
        yield _warning(inspection, "dataset_limit_rows", message, "Sample it, or split it between runs.")
    if multimodal and model.max_multimodal_rows is not None and rows > model.max_multimodal_rows:
        message = f"the file has {rows} rows, some with files; {model.id} takes {model.max_multimodal_rows} such rows"
        yield _warning(inspection, "dataset_limit_rows", message, "Sample it, or split it between runs.")
    if 0 < rows < ADVISED_ROWS and inspection.format in ("supervised", "preference"):
        message = f"the file has {counted(rows, 'row')}; tuning is advised from {ADVISED_ROWS}"
        yield _warning(inspection, "dataset_few_rows", message, "Add rows, or expect little effect.")


def _validation_rows(inspection: Inspection, model: BaseModel, training_rows: int | None) -> Iterator[Diagnostic]:
    rows, limit = inspection.stats.rows, model.max_validation_rows
    if limit is not None and rows > limit:
        message = f"the validation set has {rows} rows; {model.id} takes {limit}"
        yield _warning(inspection, "dataset_limit_rows", message, "Validate with a sample.")
    elif training_rows is not None and rows > max(FREE_VALIDATION_ROWS, VALIDATION_SHARE * training_rows):
        message = f"the validation set has {rows} rows, over 30 % of the {training_rows} training rows"
        yield _warning(inspection, "dataset_limit_rows", message, "Validate with a sample.")
