"""One module a verb, imported only when that verb is typed.

Each parses its flags, calls one use case, prints what came of it and returns the exit code. None decides anything.
"""
