"""A stand-in for the Google APIs that tuneform drives, for demonstrations and tests, on one loopback port.

An island: imports nothing of tuneform, so one misreading of the APIs cannot hide on both sides.
"""
