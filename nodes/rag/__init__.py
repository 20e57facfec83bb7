"""The nodes of the RAG machine: one file, one small async function."""
