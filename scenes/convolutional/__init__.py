"""
# Convolutional neural networks

In a photograph neighbours resemble each other, and a pattern means the same wherever it stands. A
convolutional layer builds both into the net. Each unit looks at a small window, and all units of a
map share one small set of weights, the filter.

The first part takes one layer apart: what a filter answers to, what border, stride, channels and
sharing do, how far a unit sees.

The second part builds nets of such layers and meets the obstacle on the way: deeper nets train
worse, until each block's input is added to its output. The third asks for boxes, the fourth for an
answer at every pixel. The last is for those with few examples: borrow a trained net, or make
examples up.

Afterwards you should be able to predict the size of a layer's output and the pixels that it never
reads, how far a unit sees, why a deep plain net fails on its own training data, what a mask or a
box costs when no map is fine enough for it, and which invented examples help.

Three things to do differently at work: write down what may happen to the input without changing
the answer, and build just that in, or make it up; when a deeper net has the higher *training* loss,
add shortcuts, not regularization; never judge boxes or masks by the share of pixels or windows that
are right, because most of them are background.
"""

scenes = {
    "One layer, taken apart": (
        "structure",
        "filter",
        "flip",
        "padding",
        "stride",
        "channels",
        "sharing",
        "receptive_field",
        "pooling",
        "head",
    ),
    "From layers to deep nets": (
        "learned_filters",
        "lenet",
        "vgg",
        "degradation",
        "residual_block",
        "lesion",
        "loss_surface",
    ),
    "Boxes": ("one_box", "sliding_window", "grid", "overlap", "duplicates"),
    "An answer at every pixel": ("segmentation", "upsampling", "fcn", "u_net"),
    "Few examples": ("transfer", "augmentation"),
}
