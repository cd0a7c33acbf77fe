"""The one place of the version: read by the package, by the build and by the device description."""

__version__ = "0.1.0"
