"""Devices of the trade: it."""
