"""API v1: what the console shows, for machines; and replay.

`app`       the application under `/api/`, its errors and its description
`problems`  every error as RFC 9457 problem+json
`tokens`    who asks, and what they may
`paging`    cursors and Link headers
`reference` the page at /api/v1/docs, from files inside a wheel
one file per resource, and the shapes of what it answers beside it in `*_models`
"""
