"""Compiled twins as shared libraries: made, kept in a cache, loaded."""
