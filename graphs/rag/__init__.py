"""The RAG machine: state, routes, wiring."""
