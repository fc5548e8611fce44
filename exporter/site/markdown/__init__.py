"""Bodies as Markdown, in a readable folder tree."""
