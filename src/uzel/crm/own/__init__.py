"""The four operations that a site has beside those of every vtiger.

Fields and answers: the document of the CRM's web services; what is known of it beside that:
konsol-and-vtiger, B7 and B8, and originals, B.

`contact`  CreateContact: a person, known by the phone
`account`  CreateAccount: a company, known by its ИНН
`project`  CreateProject: what a person has against a company
`files`    GetFilesList: a person's documents, by ИНН and the code from the SMS
"""
