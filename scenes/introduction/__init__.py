"""# Introduction

What learning is: a model, a loss, and small steps downhill.
"""

scenes = ["gradient_descent"]
