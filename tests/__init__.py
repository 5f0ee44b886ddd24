"""The tests: unit, contract, integration."""
