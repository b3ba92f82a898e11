"""The web service of a CRM, as vtiger has it: `/webservice.php` over a business's registry.

`door`        the ASGI application: whatever comes, an envelope of the protocol goes back
`parameters`  what a request says, from where the protocol takes it
`envelope`    how an answer is written
`operation`   what an operation is, and what it works with
`operations`  which there are
`signing`  `describing`  `records`  `own`  what they do
"""
