"""Bodies as HTML."""
