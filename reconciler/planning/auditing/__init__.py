"""What an audit looks for, one concern a module: models, endpoints, datasets, what nobody manages, what retires, what
could not be seen.

Each yields findings from a world that has absorbed what was observed. Nothing here decides what is to be done, and
nothing that could not be read is ever called missing.
"""
