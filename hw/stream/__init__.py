"""Streams between blocks: layouts, register slices, delays, the output buffer."""
