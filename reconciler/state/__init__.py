"""What tuneform recorded: backend, codec, history, the journal of paid creates, the lock.

Writes are atomic and durable. Never reads an empty or altered state as a new one, and has no field for a secret.
"""
