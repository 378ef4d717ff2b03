"""Tests of `loschmidt.spec`."""
