"""Google's clients of metadata and tensorboards read the curves of a run, as notebooks on Google's pages do."""

from collections.abc import Callable
from typing import Any

from reconciler.emulator.testing import RunningEmulator
from tests.conformance.conftest import PARENT, SUPERVISED

JOB = {
    "base_model": "gemini-2.5-flash",
    "supervised_tuning_spec": {"training_dataset_uri": SUPERVISED, "validation_dataset_uri": SUPERVISED},
}


def test_the_loss_of_a_run_is_found_from_its_job(
    emulator: RunningEmulator, rest_client: Callable[[Any, str], Any]
) -> None:
    from google.cloud import aiplatform_v1

    tuning, metadata, boards = (
        rest_client(aiplatform_v1, name) for name in ("GenAiTuningService", "MetadataService", "TensorboardService")
    )
    job = tuning.create_tuning_job(parent=PARENT, tuning_job=JOB)
    emulator.admin.advance(60)
    job = tuning.get_tuning_job(name=job.name)
    experiment = metadata.get_context(name=job.experiment)
    board = experiment.metadata["backing_tensorboard_resource"]
    runs = metadata.list_contexts(
        request={
            "parent": job.experiment.rpartition("/contexts/")[0],
            "filter": f'schema_title="system.ExperimentRun" AND parent_contexts:"{job.experiment}"',
        }
    )
    experiment_id = job.experiment.rpartition("/")[2]
    [run] = [context.name.rpartition("/")[2].removeprefix(f"{experiment_id}-") for context in runs]
    series = {
        each.display_name: each.name
        for each in boards.list_tensorboard_time_series(parent=f"{board}/experiments/{experiment_id}/runs/{run}")
    }
    assert {"/train_total_loss", "/eval_total_loss"} <= series.keys()
    data = boards.read_tensorboard_time_series_data(tensorboard_time_series=series["/train_total_loss"])
    losses = [point.scalar.value for point in data.time_series_data.values]
    assert losses[-1] < losses[0]
    batch = boards.batch_read_tensorboard_time_series_data(
        request={"tensorboard": board, "time_series": list(series.values())}
    )
    assert len(batch.time_series_data) == len(series)
