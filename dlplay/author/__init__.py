"""What a scene is written against: its class, parameters, claims and tries."""
