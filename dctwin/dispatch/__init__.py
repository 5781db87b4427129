"""Dispatch: what stores do with surplus, price, carbon and outages.

A policy turns the hours into a wish to charge or to discharge (hours.py, policies.py, planned.py);
the stores follow it by the components' equations and the bus is balanced (operate.py). Policies are
array code over (designs, hours); the two planned ones solve programs and are NumPy-only.
"""
