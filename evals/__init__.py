"""Measured quality: suites, metrics, reports."""
