"""Models for tests, a host's own too: scripted replies and misbehaviours."""
