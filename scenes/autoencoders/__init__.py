"""# Autoencoders

A net that is asked for its own input seems to have an idle task. It becomes a task when copying is
made impossible: by a code that is too small, by a price on every active unit, or by noise that has
to be taken out. What the net then keeps of a picture is a representation that nobody labelled.

Play the scenes in this order. *Squeeze and rebuild* has the bottleneck: what two numbers can say,
when a deep autoencoder beats principal components and when it does not, and what its codes are
good for. *Too big to be trivial* has no bottleneck: first the danger, a net that copies anything,
then sparse and denoising autoencoders. *1990, 2006, today* trains ten layers in the ways of three
eras, and takes the modern recipe apart.

After this chapter you should be able to say what a linear autoencoder shares with PCA and what it
does not, why a nonlinear encoder alone gains nothing, how a net cheats a price on activations, how
one tells a denoiser from a copier, and which ingredients made pretraining layer by layer obsolete.
"""

scenes = ["bottleneck", "constraints", "history"]
