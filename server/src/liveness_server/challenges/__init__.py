"""Active challenges: one file each, listed in REGISTRY."""
