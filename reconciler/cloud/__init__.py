"""One HTTP client for Google: hosts, credentials, retries of reads, paging, long-running operations, errors.

A write is sent at most once; a redirect is never followed; an answer is bounded in size and in time. Knows no
resource kinds.
"""
