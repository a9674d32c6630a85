"""# Introduction

To learn is to choose parameters so that a loss on examples becomes small. Almost everything in
this course does it in one way: ask for the slope of the loss where you stand, take a small step
against it, and ask again. What varies is the model, the loss, how many examples are asked for each
step, and what the walker remembers.

After this chapter you should be able to predict, before a run starts, whether its learning rate
will make it converge or blow up, how noisy its steps will be for a batch of a given size, and
where a walker that never turns its learning rate down will end.
"""

scenes = ["gradient_descent"]
