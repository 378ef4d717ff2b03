"""Faults that are planted in the source one at a time, and the test that catches each: ``python -m tests.planted``."""
