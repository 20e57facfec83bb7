"""Answers without a model: the passages of the evidence that fit a question best, word for word."""
