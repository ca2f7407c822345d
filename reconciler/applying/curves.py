"""What the runs of a model measured, asked of the service that ran them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from reconciler.applying.outcomes import Cloud
from reconciler.applying.versions import chosen
from reconciler.core.metrics import Curves, VersionCurves
from reconciler.core.state import Record
from reconciler.errors import UsageError
from reconciler.providers.protocol import driver_of


def curves_of(record: Record, numbers: Sequence[int], cloud: Callable[[], Cloud]) -> Curves:
    """The curves of these versions of a model, else of its newest and the one that serves.

    `cloud` is only built once it is known which versions. Raises StateError for a version that is not recorded,
    UsageError for a service that is not driven, and CloudError for what cannot be read.
    """
    versions = chosen(record, numbers)
    reader = driver_of(cloud().providers, record.backend)
    if reader is None:
        raise UsageError(f"this version does not drive {record.backend}", where=str(record.address))
    measured = (VersionCurves(v.number, str(v.status), v.number == record.current, reader.metrics(v)) for v in versions)
    return Curves(record.address, tuple(measured))
