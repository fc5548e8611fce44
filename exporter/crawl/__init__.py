"""Decide what to fetch, and fetch it: from a Source into a Sink."""
