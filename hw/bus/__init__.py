"""A core's registers, and the AXI block around it."""
