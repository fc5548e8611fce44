"""What is around bodies: templates, navigation, style sheet and scripts."""
