"""Tests of `loschmidt.hw`."""
