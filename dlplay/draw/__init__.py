"""From events to characters: pure functions of (data, width, height, look)."""
