"""The commands of `python -m transformer`, one file each; none imports torch before it runs."""
