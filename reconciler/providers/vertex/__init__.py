"""Vertex AI's tuningJobs, and the models and endpoints they leave, through aiplatform v1.

Turns core nouns into Google's JSON and back. Never waits, never decides, never sends a create twice.
"""
