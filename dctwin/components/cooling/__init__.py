"""Devices of the trade: cooling."""
