"""The documented interface of payouts, `/konsol/…`, for programs with a token.

`door`      the ASGI application: which address is answered by what
`gate`      whose token it is, and what it is good for
`reading`   bodies and queries
`reply`     `{"success", "data", "message"}`, done or not
`words`     every code of a refusal: its status, and what people are told
`payments`  `invoices`  `balance`  `webhook`  what is done at each address
"""
