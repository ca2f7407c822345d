"""Vertex AI as tuning needs it: tuning jobs, models, endpoints, their operations, datasets, inference and metrics.

Handlers answer one API method each, take a parsed and validated `Call` and return a message as a dictionary; which URL
belongs to which method, and what may stand in requests and answers, is said by Google's discovery document alone.
No handler reads a clock of its own, waits, or touches HTTP.
"""
