"""The door server: listens, recognises, decides, logs."""
