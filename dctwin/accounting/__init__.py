"""Carbon, water at the source and money of a run: read off its ledger, with sourced factors."""

from dctwin.accounting.account import account, all_metrics

__all__ = ["account", "all_metrics"]
