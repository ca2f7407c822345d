"""Cloud Storage as the emulator has it: the JSON API that clients and tuning runs read and write objects through,
and as much of the XML API as the object_store crate needs.

Buckets hold live objects only, in memory. No versioning, soft delete, access control or notifications: a list that
would have to know of one of these is answered 501, never answered wrongly.
"""
