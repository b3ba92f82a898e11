"""`uzel doctor`: looks at an installation and says in plain words what is wrong and what to do.

It changes nothing: it starts no database, makes no key and no folder.

`finding`  what was looked at, what that means, what to do
`machine`  what can be seen from outside the database
`inside`   what the database tells
`examine`  all of it, and how it is printed
"""
