"""Pure decisions: compare, classify, transitions, order, guards.

No I/O, no clock, no randomness: equal arguments give an equal plan. `absorb` says what a refresh taught, `transitions`
decide address by address, `guards` hold or queue what may not happen now, `plan` puts it all together. Nothing here
may depend on the order in which a mapping was filled.
"""
