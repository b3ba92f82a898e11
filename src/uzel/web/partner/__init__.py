"""The partner API at the address it has always had, `/amogt/gpt_payment_api/api.php`.

`door`      the ASGI application: from bytes to bytes, whatever comes
`carriers`  action, token and parameters, from query, form or JSON
`gate`      who may: token, network, pace; shared with `/api/v1/partner`
`actions`   which action is done by whom
`payments`  cost, payment; `reading` balance, one transaction, all transactions
`codes`     every code of an error, with its one status
"""
