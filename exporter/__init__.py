"""Mirror Confluence Cloud spaces to disk with a read-only API token."""
