"""Carbon, water at the source and money of a run: read off its ledger, with sourced factors."""

from dctwin.accounting.account import Accounts, account

__all__ = ["Accounts", "account"]
