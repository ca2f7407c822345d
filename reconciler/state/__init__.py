"""What tuneform recorded: backend, codec, history, the journal of paid creates, the lock.

Writes are atomic and durable. Never reads an empty or altered state as a new one, and has no field for a secret.

    backend.py   the Protocol: bytes under keys, changed only by compare-and-swap
    local.py     a folder as a backend; files.py holds what it asks of the operating system
    sealed.py    JSON documents with a checksum; codec.py puts states and intents into them
    history.py   the last twenty snapshots
    store.py     reading and writing the state, and what is refused
    journal.py   one entry for each paid create
    lock.py      one apply at a time, as a courtesy: no promise rests on it
"""
