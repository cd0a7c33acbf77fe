"""Complete cores: one file for each kind of filter."""
