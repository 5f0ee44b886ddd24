"""What stands in for the world: doubles that keep the promises of their ports."""
