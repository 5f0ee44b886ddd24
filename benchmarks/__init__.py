"""Measurements against goals and baselines: `python -m benchmarks` (`docs/benchmarks.md`)."""
