"""What a machine may do to the world: a repository's files, web search."""
