"""What a running scene draws on, and where it learns that it must pause, change or stop."""
