"""Conversations that outlive a process."""
