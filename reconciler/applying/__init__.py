"""Carrying out a plan: the create protocol, recovery, the executor, one pass, waiting between passes.

Records before and after every paid step. Never creates what the journal cannot account for, never guesses what became
of a request, and never deletes what the plan does not name.
"""
