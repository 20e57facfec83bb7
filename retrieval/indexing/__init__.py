"""Writing: bring a collection up to date with its files, and forget."""
