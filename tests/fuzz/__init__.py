"""Whatever a file is made of, reading it ends soon, in little memory, with a word of ours.

`python -m tests.fuzz --minutes 60` tries for an hour; a short, seeded try is a quick test.
"""
