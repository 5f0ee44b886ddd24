"""The edges, whole, over real sockets and real stores."""
