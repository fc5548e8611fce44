"""The local side: what is on disk, and the manifest that says so."""
