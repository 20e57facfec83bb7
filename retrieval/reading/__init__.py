"""Bytes to documents: which files there are, and the text of each kind."""
