"""Pipeline jobs, as far as they run Google's template tune-large-model: the tuning of PaLM 2 models.

The emulator has no calendar: models that Google has since retired can still be tuned here. No other pipeline is run.
"""
