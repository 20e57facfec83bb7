"""The wire: one client an API, its stream watched."""
