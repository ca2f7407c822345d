"""Cloud Storage as the emulator has it: the JSON API that clients and tuning runs read and write objects through.

Buckets hold live objects only, in memory. No versioning, soft delete, access control or notifications: a request that
needs one of these is answered 501, never answered wrongly.
"""
