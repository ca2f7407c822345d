"""Carrying out a plan: the create protocol, the executor, waiting.

Records before and after every paid step. Never creates what the journal cannot account for.
"""
