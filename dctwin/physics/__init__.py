"""Pure functions on arrays, each with its equation, range and source."""
