"""Readers of data files: each turns one file into recordings with classes, or into columns."""
