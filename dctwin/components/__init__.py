"""One device per file: a frozen declaration with pure equations, grouped by trade."""
