"""Dated facts with their sources: base models, methods, prices, limits, retirement.

The catalog only warns: dates move, and the live answer is the authority. It never talks to anybody.
"""
