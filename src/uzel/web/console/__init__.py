"""The operator's console: pages that work without script, one stylesheet, one small script.

`desk`       who asks, in which language and time zone; every handler gets one
`guard`      signed in or sent to sign in; every form carries its token
`page`       templates, and what they may call
`words`      codes and states in human words, with whose turn it is
one file     per room: overview, events, messages, calls, connections, business, parked

Source strings are Russian; `locales/*.po` are read as they are, without a build step.
"""
