"""From samples to the window that a filter sees: delay lines, line buffers, borders."""
