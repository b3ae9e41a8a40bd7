"""What `python -m server` does beside serving."""
