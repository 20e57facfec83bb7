"""What a word is: tokens, stems, identifiers, names, and what a question asks. No floor above is imported."""
