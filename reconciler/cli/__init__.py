"""Thin click commands. One factory builds every collaborator.

Nothing is decided here; a command parses, calls one use case of the engine, prints and chooses the exit code.
Starting up imports click alone: whatever a command needs is imported when that command runs.
"""
