"""The page behind the link of a review request: for guests, on their phones.

`pages`      what each address does
`visitor`    who counts as having opened the link
`platforms`  where a review can be written, for everybody alike
`look`       templates, style and headers of all these pages
`dead_ends`  pages for what went wrong

Nothing here needs a script or a cookie, and nothing comes from elsewhere. The code in the link is
all that is needed to see, rate and stop, so there is no form token, and the code is kept from
leaking: no referrer, no search engine, no copy in a cache, no line in a log.
"""
