"""The edges: settings, the container, the command line and the library."""
