"""The corpus: read, chunk, index (vector, lexical, graph), and search as one ranked list."""
