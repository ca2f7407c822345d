"""tuneform keeps tuned models on Google's APIs equal to what spec files declare.

The packages below form floors; a module imports only from floors beneath its own (drawn bottom up):

    errors -> core -> spec -> catalog -> {datasets, cloud, state, planning, reports} -> providers -> applying
    -> engine -> cli

`emulator` is an island: it imports nothing of the rest and nothing of the rest imports it, save the one command
that starts it, so that one misreading of Google's APIs cannot hide on both sides.
"""

__version__ = "0.1.0"
