"""The host side: device, protocol and transports. Never imports amaranth: it runs beside a board on a bare computer."""
