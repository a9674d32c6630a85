"""Runs on other machines: Slurm and Dask queue them, here they are submitted, polled and read."""
