"""# The drawing calls

One scene that draws with every call of the stage, for the pictures of the author's guide.
"""
