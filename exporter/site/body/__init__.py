"""What a body in storage format says: from bytes to a typed tree, and what its links mean."""
