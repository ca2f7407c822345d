"""Every reason and diagnostic code that planning gives, each with one sentence. Scripts rely on the codes."""

from __future__ import annotations

from enum import StrEnum

from reconciler.core.plan import Reason


class Code(StrEnum):
    """A stable code; `meaning` is the sentence that the documentation prints for it."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> Code:
        """A member of that code."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    # Buying
    NEW = "new", "The spec is declared and nothing that belongs to it exists."
    TRAINING_CHANGED = "training_changed", "A field that decides what is trained differs from what was tuned."
    REBASE = (
        "rebase",
        "Only the base model changed to a newer one: the version is rebased onto it instead of being tuned anew.",
    )
    DATASET_CHANGED = "dataset_changed", "A gs:// object holds other content than the run was given."
    RETRY = "retry", "The run failed for a passing reason and has attempts left."
    BACKOFF = "backoff", "The next attempt waits for some time after the last failure."
    QUOTA = "quota", "Google had no quota for the run; it keeps its place in the queue and no attempt is spent."

    # Taking over
    INTENT_FOUND = (
        "intent_found",
        "A create was sent and its answer lost; the run that carries its attempt id is there.",
    )
    IN_DOUBT = "in_doubt", "A create was sent and nobody knows yet whether it happened; nothing is bought meanwhile."
    LABELLED_RUN_FOUND = (
        "labelled_run_found",
        "A run with this project's, address's and fingerprint's labels is in no record.",
    )
    STATE_REBUILT = "state_rebuilt", "The state does not know this address, but a run with its labels exists."
    MODEL_OF_LOST_RUN = "model_of_lost_run", "The run is gone, but the model that carries its labels is there."
    AMBIGUOUS = "ambiguous", "Several runs carry the same labels and none is recorded; a person has to choose."
    LABEL_MISMATCH = "label_mismatch", "A run carries this spec's labels but was not given what the spec declares."

    # Under way
    RUN_ACTIVE = "run_active", "The run is under way."
    CANCELLING = "cancelling", "The run was asked to stop and has not stopped yet."
    CHANGED_WHILE_RUNNING = "changed_while_running", "The spec changed while a run of the old one is under way."
    CHANGED_BEFORE_START = "changed_before_start", "The spec changed before the run had started; it is replaced."
    REPLACED = "replaced", "The spec changed and asks for running runs to be replaced (whileRunning)."
    REVERTED = "reverted", "The spec was reverted to what an earlier version was tuned from."
    METADATA_DEFERRED = "metadata_deferred", "Labels or names changed; they are written once the run has finished."
    DEPENDENCY = "dependency", "Something this spec refers to is not there yet."
    RUN_NOT_LISTED_YET = "run_not_listed_yet", "The run was created a moment ago and is not listed yet."
    RUN_PAUSED = "run_paused", "Google paused the run or is updating it."
    RUN_STALLED = "run_stalled", "The run has been under way for long without a step."

    # Finished
    FIRST_VERSION = "first_version", "The first version has finished; it becomes the one that serves."
    NEW_VERSION = "new_version", "A newer version has finished; it takes over from the one that serves."
    GATE_PENDING = "gate_pending", "The version has finished and its gates have not been judged yet."
    GATES_CHANGED = "gates_changed", "What serves is judged by the gates as they are now; it goes on serving."
    GATE_FAILED = "gate_failed", "A gate was not passed; what serves is left as it is."
    PARTIAL_SUCCESS = "partial_success", "The run succeeded only in part; a person has to approve the version."
    TAINTED = "tainted", "The training data changed while the run was under way; the version is not promoted."
    NO_MODEL = "no_model", "The run succeeded but names no model."
    ENDPOINT_MISSING = "endpoint_missing", "The version has a model and no endpoint."
    ENDPOINT_GONE = "endpoint_gone", "The endpoint of the version was deleted; its model is there."
    ENDPOINT_EMPTY = "endpoint_empty", "The endpoint is there and no longer carries the model."
    MODEL_GONE = "model_gone", "The model of a finished version was deleted; tuning it again would be paid."
    LINEAGE_BROKEN = "lineage_broken", "A model that others were tuned from is gone."
    METADATA_CHANGED = "metadata_changed", "Labels, display name or description changed in the spec."
    METADATA_DRIFT = "metadata_drift", "Labels, display name or description were changed outside of tuneform."

    # Endpoints
    ENDPOINT_FOUND = "endpoint_found", "An endpoint with the id and labels of this address is there and in no record."
    ENDPOINT_FOREIGN = (
        "endpoint_foreign",
        "The endpoint's id is taken by one that does not carry this address's labels.",
    )
    ENDPOINT_SHARED = "endpoint_shared", "Models of somebody else are deployed on the endpoint."
    ENDPOINT_MOVED = "endpoint_moved", "The location or id of an endpoint changed in the spec; neither can be changed."
    ENDPOINT_LOCATION = "endpoint_location", "The model lives in another location than the endpoint."
    UNKNOWN_VERSION = "unknown_version", "The traffic names a version that does not exist or left no model."
    UNKNOWN_CHECKPOINT = "unknown_checkpoint", "The spec names a checkpoint that the version does not have."
    DEPLOY_BESIDE = "deploy_beside", "A version that is to get traffic is deployed beside what serves."
    TRAFFIC_FOLLOWS = "traffic_follows", "The traffic follows the version that is current now."
    TRAFFIC_CHANGED = "traffic_changed", "The traffic changed in the spec."
    TRAFFIC_DRIFT = "traffic_drift", "The traffic was changed outside of tuneform."
    CANARY_STEP = "canary_step", "The next step of the canary: a larger part of the traffic goes to the new version."
    OUT_OF_TRAFFIC = "out_of_traffic", "A version that no traffic goes to any more is taken off the endpoint."

    # Ended badly
    FAILED_DATA = "failed_data", "The run failed because of its data; the same spec would fail again."
    FAILED_PERMISSION = "failed_permission", "The run failed for lack of a permission."
    FAILED_UNKNOWN = "failed_unknown", "The run failed for a reason that is not known to pass by itself."
    EXHAUSTED = "exhausted", "Every attempt (maxAttempts) failed."
    CANCELLED_ELSEWHERE = "cancelled_elsewhere", "Somebody cancelled the run; the same spec is not started again."
    RUN_GONE = "run_gone", "The run is not there any more and left no model; paying again needs a person."
    ORPHAN_MODEL = "orphan_model", "A failed run left a model that serves nobody."

    # Taking away
    REMOVED = "removed", "The spec was removed."
    DESTROYED = "destroyed", "Destroying was asked for."
    RETAINED = "retained", "The spec was removed and asked for its resources to be kept (onRemove: retain)."
    NOTHING_LEFT = "nothing_left", "The spec was removed and nothing remote is left of it."
    PREVENT_DESTROY = "prevent_destroy", "It is protected by preventDestroy."
    STILL_REFERENCED = "still_referenced", "A declared spec still refers to it."
    PAST_KEEP_LAST = "past_keep_last", "The version is older than keepLast asks for and serves nothing."
    UNUSED_CHECKPOINTS = (
        "unused_checkpoints",
        "Endpoints of intermediate checkpoints that no traffic names are kept no longer; the checkpoints stay.",
    )
    EXPIRED = "expired", "The time of expireAfter has passed since it finished."
    EXPIRED_SERVING = (
        "expired_serving",
        "The time of expireAfter has passed, but it still serves others, so it is kept.",
    )

    # Datasets
    NOT_UPLOADED = "not_uploaded", "The file's content is not in the bucket yet."
    USERS_HELD = "users_held", "Every model that is tuned from the dataset is held, so it is not uploaded yet."
    DATASET_MISSING = "dataset_missing", "A dataset that would be trained from does not exist."
    NO_TRAINING_DATA = (
        "no_training_data",
        "The spec, of an adopted model for instance, does not name what would be trained from.",
    )
    DATA_DECLARED = (
        "data_declared",
        "Nobody knows what an adopted version was tuned from; what the spec names now is taken at its word.",
    )
    DATASET_DELETED = "dataset_deleted", "A dataset that the serving version was trained from was deleted."
    OBJECT_DIFFERS = "object_differs", "An object lies where the dataset belongs and has another size."

    # Guards
    QUEUE_FULL = "queue_full", "As many runs as allowed (maxConcurrentJobs) are under way."
    COST_LIMIT = "cost_limit", "The cost is above the limit."
    PRICE_UNKNOWN = "price_unknown", "The cost is not known."
    SERVICE_RETIRED = "service_retired", "The service takes no new tunes."
    BASE_NOT_TUNABLE = "base_not_tunable", "The API does not list the base model as one that can be tuned."
    BACKEND_CHANGED = "backend_changed", "The spec moved to another service under the same address."
    POLICY_BASE_MODEL = "policy_base_model", "The project's policy does not allow the base model."
    POLICY_LOCATION = "policy_location", "The project's policy does not allow the location."
    POLICY_LABEL = "policy_label", "The project's policy requires a label."
    POLICY_SERVICE_ACCOUNT = "policy_service_account", "The project's policy requires a service account."
    POLICY_CMEK = "policy_cmek", "The project's policy requires a customer-managed encryption key."
    POLICY_BUCKET = "policy_bucket", "The project's policy does not allow the bucket."

    # Diagnostics only
    BASE_MODEL_RETIRING = "base_model_retiring", "The base model retires soon, and the tuned model with it."
    BASE_MODEL_RETIRED = "base_model_retired", "The base model's announced last day is past."
    FIRST_RUN = "first_run", "The first tuning of a project failed with INTERNAL, for which Google has a remedy."
    BASE_MODEL_METHOD = "base_model_method", "The base model is not documented to take that method of tuning."
    BASE_MODEL_LOCATION = "base_model_location", "The base model is not documented to be tuned in that location."
    BASE_MODEL_ADAPTER = "base_model_adapter", "The base model is not documented to take that adapter size."
    BASE_MODEL_CMEK = "base_model_cmek", "The base model is not documented to take a customer-managed encryption key."
    CATALOG_UNUSED = "catalog_unused", "The project's own catalog adds a base model that no spec uses."
    TUNING_CLOSED = "tuning_closed", "New tuning of the base model was announced to have ended."
    UNREADABLE = "unreadable", "Something could not be read, so nothing is decided about what depends on it."
    UNMANAGED = "unmanaged", "Runs exist that do not carry this project's labels."
    LOOKALIKE_FOUND = (
        "lookalike_found",
        "A run of somebody else has the spec's name and was given the same; importing it costs nothing.",
    )
    UNRECORDED_RUN = "unrecorded_run", "A run carries this project's labels and neither spec nor state knows it."
    UNRECORDED_ENDPOINT = (
        "unrecorded_endpoint",
        "An endpoint carries this project's labels and neither spec nor state knows it.",
    )
    IGNORE_EXPIRED = "ignore_expired", "A rule to ignore drift has passed its last day and is not followed any more."
    IGNORE_UNUSED = "ignore_unused", "A rule to ignore drift matches nothing."
    TARGET_UNKNOWN = "target_unknown", "A --target matches nothing that is declared or recorded."


def because(code: str, message: str) -> Reason:
    """A reason of that code."""
    return Reason(str(code), message)
