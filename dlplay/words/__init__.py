"""Text for people: addresses, numbers, nearest matches, plain characters."""
