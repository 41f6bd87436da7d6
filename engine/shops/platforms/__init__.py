"""Shop platforms: one module each, named in `registry`."""
