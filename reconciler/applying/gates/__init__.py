"""Judges finished versions by the gates of their spec: metrics of the run, prompts to the candidate, dropped examples.

Nothing here decides what serves: a judgement is evidence in the state, and planning goes by it. Nothing here changes
anything remote; prompts are sent to the candidate alone.
"""
