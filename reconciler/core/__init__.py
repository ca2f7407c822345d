"""The nouns: addresses, desired resources, versions, observed things, plans.

Holds frozen values and pure functions over them. Never opens a file, a socket or a clock, and imports nothing of
tuneform but `errors`.
"""
