"""# Introduction

To learn is to choose parameters so that a loss on examples becomes small. Almost everything in
this course does it in one way: ask for the slope of the loss where you stand, take a small step
against it, and ask again. What varies is the model, the loss, how many examples are asked for each
step, and what the walker remembers.

Play the scenes in this order. *Features: designed or learned?* shows what is gained when the
features are learned too, and what is lost when the network has the wrong shape for it. *Downhill in
fog* is the walk itself: full batch, one example, and what lies between. *A graph that
differentiates itself* takes apart what gives the slope, *The price of a gradient* asks what it
costs and looks at what PyTorch records, and *Backprop, one matrix at a time* writes the same thing
out for a network of layers, with the machine as referee.

After this chapter you should be able to predict, before a run starts, whether its learning rate
will make it converge or blow up, how noisy its steps will be for a batch of a given size, where a
walker that never turns its learning rate down will end, and which shape every gradient of a network
has. You should also know a wrong derivative by what it does.
"""

scenes = ["learned_features", "gradient_descent", "graph_autodiff", "autograd", "backprop_mlp"]
