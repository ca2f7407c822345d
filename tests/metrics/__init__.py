"""Metrics of runs: read, drawn, overlaid."""
