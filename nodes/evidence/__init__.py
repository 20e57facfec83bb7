"""Evidence: how it is read, packed into a prompt, measured, and held against a draft."""
