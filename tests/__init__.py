"""Tests: `spec`, `hw`, `sim` and `host` mirror the folders of those names; those beside this file hold the house together."""
