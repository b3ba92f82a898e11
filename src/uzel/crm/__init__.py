"""The record registry behind the web service of a CRM: people, companies, projects, documents."""
