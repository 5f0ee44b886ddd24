"""The roles that the domain needs filled; the docstrings are their specifications."""
