"""The web dashboard, mapped into the package as `dctwin.dashboard`.

It imports only names that `dctwin` itself exports; everything it shows can be had from Python.
"""
