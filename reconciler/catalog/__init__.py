"""Dated facts with their sources: base models, methods, prices, limits, retirement.

The catalog only warns: dates move, and the live answer is the authority. It never talks to anybody. `model` holds the
nouns, `load` reads the packaged file and a user's override, `services` says which services take no new tunes,
`pricing` and `palm` are arithmetic.
"""

from reconciler.catalog.model import BaseModel, Catalog, Method

__all__ = ["BaseModel", "Catalog", "Method"]
