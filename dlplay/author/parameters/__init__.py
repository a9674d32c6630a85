"""The parameters of a scene: typed, ranged values, each declared once.

One declaration becomes the widget in the interface, `name=value` on the command line, the JSON
schema, the axis of a sweep and the run's one-line address.
"""
