"""Benchmarks: ratios against a peer measured in the same run. Never part of the tests."""
