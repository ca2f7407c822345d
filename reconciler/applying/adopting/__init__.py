"""Adopting what is live already: tuned models made by hand, by an SDK or by another tool become specs and state.

Looks by listing, writes spec files and state, and never changes anything at Google. What it adopts plans to nothing;
what it cannot adopt it names, with the reason.
"""
