"""One module per technology, each filling a port; none imports another."""
