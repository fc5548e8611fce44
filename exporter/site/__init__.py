"""From the originals to offline documentation: no network, and most of it no I/O."""
