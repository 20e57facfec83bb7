"""Reading: one ranked list from all legs."""
