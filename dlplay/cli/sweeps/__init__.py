"""`dlplay sweep`: what it asks for, and what it prints."""
