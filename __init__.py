"""Hydragraph: cited, verified answers about a person's own code bases and documents, local first."""
