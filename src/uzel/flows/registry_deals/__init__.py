"""People and projects of a registry, Uzel's own or that of a vtiger, become contacts and deals of a
CRM: each once. What changes in the registry is written into the deal as a note; deals are people's.
"""
