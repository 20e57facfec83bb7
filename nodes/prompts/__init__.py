"""What models are asked: one Markdown file a prompt, and the typed functions that render them."""
