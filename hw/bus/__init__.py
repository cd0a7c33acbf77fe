"""A core's registers, and the AXI block with core and registers."""
