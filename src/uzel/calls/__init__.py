"""Outward calls: journalled before they go out, closed after, with one of four outcomes.

accepted   the provider took it
rejected   the provider said no; never tried again
not_sent   it certainly did not happen; the only outcome that is tried again by itself
unknown    it may have happened; looked up at the provider where that is possible, else a person
           decides

A `planned` call is taken by a compare-and-set to `sending`, committed before the first byte leaves;
whoever loses that race does nothing. So each attempt is made at most once, whatever is killed when.
"""
