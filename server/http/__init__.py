"""The HTTP face: FastAPI, server-sent events."""
