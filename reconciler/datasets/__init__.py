"""JSONL training data: formats, line by line validation, digests, token estimates.

Reads local files as streams in bounded memory. Never loads a file whole, never uploads, never quotes rows in errors.
"""
