"""The spec language: kinds, a strict YAML reader that knows positions, the project file, fingerprints, JSON Schema.

Turns files beneath the project folder into `core.desired` values or a list of diagnostics. Never runs code, expands
variables, follows includes or reads anything a spec names (datasets are read by `datasets`).
"""
