"""Devices of the trade: power."""
