"""Cloud Storage: looking objects up, putting a file where nothing is yet, and replacing a small object."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from reconciler.cloud.client import Client
from reconciler.core.observed import Observed, StoredObject, Unreadable
from reconciler.errors import CloudError, CredentialsError, DatasetError, NotFound
from reconciler.providers.storage_listing import Found, look_up_many, look_up_one
from reconciler.providers.storage_objects import ObjectName, parse_uri
from reconciler.providers.storage_replacing import replace_object
from reconciler.providers.storage_upload import Upload, opened

WORKERS = 4


class CloudStorageReader:
    """Looks at objects in Google Cloud Storage; sends nothing but GETs."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def look_up(self, uris: Sequence[str]) -> Observed:
        """The objects behind `gs://` URIs, None for those that are not there, the bucket's absence included.

        A bucket that cannot be read is `unreadable` as `gs://bucket/`. Raises CredentialsError when there are no
        credentials to read anything with.
        """
        buckets: dict[str, list[str]] = {}
        unreadable = []
        for uri in uris:
            try:
                target = parse_uri(uri)
            except DatasetError as error:
                unreadable.append(Unreadable(uri, error.what))
            else:
                buckets.setdefault(target.bucket, []).append(target.name)
        objects: Found = {}
        if buckets:
            with ThreadPoolExecutor(min(WORKERS, len(buckets))) as pool:
                for result in pool.map(self._bucket, buckets, buckets.values()):
                    if isinstance(result, Unreadable):
                        unreadable.append(result)
                    else:
                        objects.update(result)
        return Observed(objects=objects, unreadable=tuple(unreadable))

    def _bucket(self, bucket: str, names: Sequence[str]) -> Found | Unreadable:
        try:
            if len(names) > 1:
                return look_up_many(self._client, bucket, names)
            target = ObjectName(bucket, names[0])
            return {target.uri: look_up_one(self._client, target)}
        except CredentialsError:
            raise  # not a matter of one bucket
        except NotFound:
            # Google answers 403 for a bucket that may not be seen, so this one is not there, and nothing is in it.
            return {ObjectName(bucket, name).uri: None for name in names}
        except CloudError as error:
            return Unreadable(f"gs://{bucket}/", error.what)


class CloudStorage(CloudStorageReader):
    """Looks at objects and uploads them."""

    def upload(self, path: str, uri: str, *, sha256: str) -> StoredObject:
        """Put a local file at `uri` unless it is there already; the object that is there then.

        `sha256` is the hex digest that its content must have. Raises DatasetError for a file that is not what it was
        and for an object of other content, CloudError for what the network and the server do.
        """
        target = parse_uri(uri)
        with opened(path, sha256) as source:
            try:
                return Upload(self._client, source, target).run()
            except NotFound as error:
                error.next_step = f"Create the bucket: gcloud storage buckets create gs://{target.bucket}"
                raise

    def replace(self, uri: str, content: bytes, *, create: bool) -> bool:
        """Make `content` what the object at `uri` holds; whether anything was written.

        Without `create` an object that is not there stays so. Raises CloudError, DatasetError for what is no URI.
        """
        return replace_object(self._client, parse_uri(uri), content, create=create)
