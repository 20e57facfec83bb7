"""What a model said, from text to a value."""
