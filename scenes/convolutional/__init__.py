"""
# Convolutional neural networks

A photograph is not a list of unrelated numbers: neighbours resemble each other, and a pattern means
the same wherever it stands. A convolutional layer builds both facts in. Each unit looks at a small
window, and all units of a map share one small set of weights, the filter.

After this chapter you should be able to predict the size of a layer's output and which pixels it
never reads, to say what a given 3×3 filter will answer to an edge, a flat area or a border, and to
tell what a filter learns from the data from what it owes to the task.
"""

scenes = {
    "An answer at every pixel": ("segmentation", "upsampling", "fcn"),
    "Before the pages": ("filters",),
}
