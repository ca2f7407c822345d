"""Pure decisions: compare, classify, transitions, order, guards.

No I/O, no clock, no randomness: equal arguments give an equal plan.
"""
