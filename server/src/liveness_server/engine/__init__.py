"""The sans-I/O session engine."""
