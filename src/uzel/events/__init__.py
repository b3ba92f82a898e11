"""Events: received raw at the door, stored before anything is interpreted, then understood.

`door`     what may come in, and the answer
`receive`  group commit: store, find duplicates, wake a worker, in one transaction
`process`  raw bytes → elements → domain events, each handed to the flow that wants it
"""
