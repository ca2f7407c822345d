"""The XML that the XML API answers, and the headers of an object there."""

import base64
from datetime import UTC, datetime
from email.utils import formatdate
from xml.sax.saxutils import escape

from starlette.responses import Response

from reconciler.emulator.storage.errors import StorageError
from reconciler.emulator.storage.listing import Page
from reconciler.emulator.storage.objects import StoredObject

NAMESPACE = "http://doc.s3.amazonaws.com/2006-03-01"
CODES = {
    304: "NotModified",
    400: "InvalidArgument",
    404: "NoSuchKey",
    409: "BucketNotEmpty",
    412: "PreconditionFailed",
    501: "NotImplemented",
}


def xml_error(error: StorageError) -> Response:
    """The answer to a request that is refused."""
    if error.http_status == 304:
        return Response(status_code=304)
    code = "NoSuchBucket" if "bucket does not exist" in error.message else CODES[error.http_status]
    return xml_answer(
        element("Error", element("Code", code), element("Message", text=error.message)), error.http_status
    )


def listing(bucket: str, prefix: str, limit: int, page: Page, found: list[StoredObject]) -> Response:
    """One page of a bucket, as list-type 2 has it."""
    contents = (
        element(
            "Contents",
            element("Key", text=each.name),
            element("Generation", str(each.generation)),
            element("MetaGeneration", str(each.metageneration)),
            element("LastModified", _time(each.updated)),
            element("ETag", text=xml_etag(each)),
            element("Size", str(len(each.content))),
        )
        for each in found
    )
    folders = (element("CommonPrefixes", element("Prefix", text=folder)) for folder in page.prefixes)
    token = element("NextContinuationToken", text=page.next_token) if page.next_token else ""
    return xml_answer(
        element(
            "ListBucketResult",
            element("Name", bucket),
            element("Prefix", text=prefix),
            element("MaxKeys", str(limit)),
            element("KeyCount", str(len(found) + len(page.prefixes))),
            element("IsTruncated", "true" if page.next_token else "false"),
            token,
            *contents,
            *folders,
        )
    )


def element(name: str, *children: str, text: str = "") -> str:
    """An element with children that are XML already, or with a text that is not."""
    start = f'{name} xmlns="{NAMESPACE}"' if name.endswith("Result") else name
    return f"<{start}>{''.join(children)}{escape(text)}</{name}>"


def xml_answer(root: str, status: int = 200) -> Response:
    """The document of one root element."""
    return Response(
        f"<?xml version='1.0' encoding='UTF-8'?>{root}", status, media_type="application/xml; charset=UTF-8"
    )


def written_headers(found: StoredObject) -> dict[str, str]:
    """What an answer tells about the object that was written or read."""
    return {
        "etag": xml_etag(found),
        "last-modified": formatdate(found.updated, usegmt=True),
        "x-goog-generation": str(found.generation),
        "x-goog-metageneration": str(found.metageneration),
    }


def xml_etag(found: StoredObject) -> str:
    """The content's MD5 in hexadecimal and quotes: unlike the JSON API's, the same for the same content."""
    return f'"{base64.b64decode(found.md5).hex()}"'


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
