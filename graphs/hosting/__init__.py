"""What a machine runs with: services from settings, or from a host."""
