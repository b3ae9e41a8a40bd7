"""Fuzzing: hostile bytes for everything that reads bytes. `make fuzz` searches with atheris for as long as it
is told, `tests/test_fuzz.py` repeats the seeds and whatever once went wrong."""
