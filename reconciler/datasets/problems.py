"""What can be wrong with a dataset, as stable codes.

The file:
    dataset_unreadable         it cannot be opened (missing, no permission, a symbolic link put there meanwhile)
    dataset_outside_project    its path leaves the project's folder
    dataset_not_a_file         a folder, FIFO, socket or device
    dataset_too_large          larger than any limit Google documents, so it is not read at all
    dataset_changed            it was written to while it was read
    dataset_empty              it has no rows
    dataset_encoding           not UTF-8, or UTF-8 with a byte order mark
    dataset_line_too_long      one line is longer than any example may be
    dataset_table              a CSV file without the right header, or broken quoting
    dataset_more_errors        (note) reading stopped because there were too many errors
    dataset_blank_line         (warning) a line without a row

A row:
    dataset_json               not JSON
    dataset_shape              a field is missing or has the wrong type
    dataset_unknown_field      a field that the format does not have: an error if nearly a known one, else a warning
    dataset_two_spellings      camelCase and snake_case of one field
    dataset_role               a role that Gemini does not have, or a missing one
    dataset_turns              turns that do not alternate, or begin or end with the wrong one
    dataset_part               a part that is empty, of two kinds, of a kind not accepted, or in the wrong turn
    dataset_completions        not exactly two completions, or not one model turn of text each
    dataset_scores             not exactly one score of 1 and one of 0
    dataset_same_completions   (warning) both completions are equal, so the row teaches nothing
    dataset_empty_text         text without a character in it: an error in pairs, else a warning
    dataset_long_text          (warning) more characters than the Gemini API takes

The whole, most of it by base model, from the catalog:
    dataset_too_few_rows       fewer rows than the service accepts
    dataset_few_rows           (warning) fewer rows than Google advises
    dataset_limit_tokens       (warning) a row is longer than the base model takes
    dataset_limit_rows         (warning) more rows than the base model takes
    dataset_limit_bytes        (warning) a larger file than the base model takes

No message quotes a row: a path in a spec could point at anything, and messages end up in logs and pull requests.
"""

from __future__ import annotations

from collections.abc import Callable

from reconciler.core.diagnostics import Severity


class Problem(Exception):
    """Something wrong with one row or with the file. `path` is the field, as in `contents[1].role`.

    `line` and `column` count from 1; a row counts from its own first line. A `line` of 0 is the whole file or row.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        path: str = "",
        hint: str = "",
        line: int = 0,
        column: int = 1,
        severity: Severity = "error",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.path = path
        self.hint = hint
        self.line = line
        self.column = column
        self.severity = severity

    def __str__(self) -> str:
        return f"`{self.path}` {self.message}" if self.path else self.message

    def within(self, prefix: str) -> Problem:
        """The same problem, its path seen from further out."""
        separator = "." if self.path and not self.path.startswith("[") else ""
        self.path = f"{prefix}{separator}{self.path}"
        return self

    def on_line(self, number: int) -> Problem:
        """The same problem, told by a row that begins on that line of the file."""
        self.line = number + max(self.line, 1) - 1
        return self


Warn = Callable[[Problem], None]


def warn_within(warn: Warn, prefix: str) -> Warn:
    """`warn` for problems whose path is seen from inside `prefix`."""
    return lambda problem: warn(problem.within(prefix))
