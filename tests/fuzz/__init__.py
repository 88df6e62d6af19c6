"""Inputs made by chance through all that reads what callers write: `python -m tests.fuzz`, `make fuzz`."""
