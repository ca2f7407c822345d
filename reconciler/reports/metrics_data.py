"""The metrics of some versions for other programs."""

from __future__ import annotations

import csv
import io

from reconciler.core.metrics import Curves
from reconciler.reports.json_report import json_text


def metrics_json(curves: Curves) -> str:
    """Every point; a value that is not finite is null."""
    return json_text(
        {
            "address": str(curves.address),
            "versions": [
                {
                    "version": version.number,
                    "status": version.status,
                    "serving": version.serving,
                    "metrics": {
                        name: [point._asdict() for point in version.metrics.series[name].points]
                        for name in version.metrics.names
                    },
                }
                for version in curves.versions
            ],
        }
    )


def metrics_csv(curves: Curves) -> str:
    """One row a point: version, metric, step, value, wall_time; without a line feed at the end."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("version", "metric", "step", "value", "wall_time"))
    for version in curves.versions:
        for name in version.metrics.names:
            for point in version.metrics.series[name].points:
                writer.writerow((version.number, name, point.step, repr(point.value), point.wall_time))
    return out.getvalue().removesuffix("\n")
