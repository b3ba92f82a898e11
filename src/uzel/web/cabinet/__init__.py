"""The partners' cabinet, `/partner/`: what a partner sees and does without a program.

`pages`         what each address does, and who may
`desk`          who asks: session, language, form
`sign_in`       coming in with a token of the API, going out
`overview`      the balance and the last days; `picture` draws them
`transactions`  payments: list, details, CSV
`leads`         what the partner submitted, and what was reported on it
`statement`     what came to the balance and left it; `period` of which time
`rates`         what other currencies cost
`tokens`        the partner's own tokens
`webhooks`      where the partner hears of changes, and what was sent there
`reference`     the API with the partner's own data; `examples` makes the requests, `trying` sends
                them
`look`          templates, style and headers; `words` of states and errors
`dead_ends`     pages for what went wrong

No page needs a script. What belongs to another partner is not found, in the same words as what is
not there at all.
"""
