"""Work to be done soon or later: PgQueuer behind `enqueue`, `Worker` and `Schedule`.

The queue delivers at least once and only wakes: whoever handles a job takes the work over by a
compare-and-set on the row concerned, and who loses that race does nothing.
"""
