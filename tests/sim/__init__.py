"""Tests of `loschmidt.sim`."""
