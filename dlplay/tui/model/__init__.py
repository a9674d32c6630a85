"""What the interface knows and does, without a widget."""
