"""The state machines: state and wiring."""
