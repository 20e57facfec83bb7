"""Calls to models: tiers, structured replies, embeddings, the extractive answerer."""
