"""A device's link to the host: bytes, frames, retransmission, and the top of a whole device."""
