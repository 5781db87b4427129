"""`python -m dctwin.cli`, for where the script `dctwin` is not on the path."""

from dctwin.cli import main

main()
