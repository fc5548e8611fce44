"""Measurements of the real command line against the emulator: counts and ratios, never times."""
