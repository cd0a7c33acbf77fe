"""Whole cores, a file a kind of filter, and the table that finds a design's."""
