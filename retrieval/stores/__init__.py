"""Where chunks, vectors and the graph are kept: engines behind Protocols."""
