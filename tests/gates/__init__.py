"""Gates: what a finished version must pass before it serves, told by whoever relies on them."""
