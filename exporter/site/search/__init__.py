"""The search: its index, and the words it is made of."""
