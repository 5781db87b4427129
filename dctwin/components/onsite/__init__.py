"""Devices of the trade: onsite."""
