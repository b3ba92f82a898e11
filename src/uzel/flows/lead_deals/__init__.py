"""Deals of a CRM with links that are to be paid: they become leads, and reports of those who paid
are written into them.
"""
