"""Weather: readers for files, a synthetic year, and the arrays that the engines use."""
