"""How properties are searched: the quick tests give the same answer for the same code, the long ones look further."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("steady", derandomize=True)
settings.register_profile("searching", derandomize=False)
settings.load_profile(os.environ.get("TUNEFORM_PROPERTIES", "steady"))
