"""Tests of `loschmidt.host`."""
