"""Bundled data of dctwin, mapped into the package as dctwin.models."""
