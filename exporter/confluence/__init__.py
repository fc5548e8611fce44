"""The remote side: HTTP in, model out."""
