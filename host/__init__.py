"""Devices, training and the command line."""
