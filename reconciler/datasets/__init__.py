"""JSONL training data and prompts: formats, line by line validation, digests, token estimates.

Reads local files as streams in bounded memory. Never loads a file whole (but the small ones that the Gemini API takes
inline), never uploads, never quotes rows in errors. `inspect` is the way in; `problems` lists every diagnostic code.
"""
