"""Compiled twins as shared libraries: compilation, cache, loading."""
