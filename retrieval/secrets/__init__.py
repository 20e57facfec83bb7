"""Where credentials stand in a text."""
