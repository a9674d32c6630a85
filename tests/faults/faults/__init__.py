"""# Faults

Scenes that misbehave, one way each.
"""
