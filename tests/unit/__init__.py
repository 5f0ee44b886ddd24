"""The domain alone: in-memory adapters and doubles, no I/O, no sleep."""
