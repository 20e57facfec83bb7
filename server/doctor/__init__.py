"""A check of every part, and how to mend it."""
