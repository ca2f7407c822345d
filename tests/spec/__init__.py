"""The spec language: what can be written, what is refused, and what is said about it."""
