"""Programs that look at .venv from outside, in an environment of their own: .venv is not changed by them."""

from pathlib import Path

from scripts.bootstrap import LOCKS, VENV_PYTHON, run, uv_environment


def run_tool(step: str, *command: str | Path) -> None:
    """Run a program of requirements/tools.txt. Raises StepFailedError."""
    uv = (VENV_PYTHON, "-m", "uv", "run", "--no-project", "--isolated", "--no-python-downloads")
    environment = uv_environment(VENV_PYTHON)
    locked = ("--with-requirements", LOCKS / "tools.txt")
    run(step, *uv, "--python", VENV_PYTHON, *locked, *command, env=environment)
