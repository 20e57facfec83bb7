"""Documents to chunks and references."""
