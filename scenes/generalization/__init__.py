"""# Generalization

A model that fits its data may have learned what the data have in common or what is peculiar to
them. It cannot tell which; only data that it has not seen can. This chapter is about the
difference, and about everything that is done to close it: more data, less capacity, a penalty, an
early end, noise, and a committee.

Play the scenes in this order. *Signal, noise and a flexible ruler* is the whole story on one curve,
with bias and variance. *The U that comes down again* shows that the story has a second half, which
most books leave out. *Five ways to say "not so fast"* compares the remedies on one small net. *The
committee* averages models, trees among them, and asks how much they should disagree. *One after
the other* adds them up instead: each makes up for those before it.

After this chapter you should be able to say what the gap between training and test error is made
of, why the worst model is often the one of middling size, how each remedy works and in which of
them the weights really become small, when stopping early resembles a penalty, and what an average
of models is guaranteed to beat, and what not."""

scenes = ["overfit", "capacity", "regularizers", "ensemble", "boosting"]
