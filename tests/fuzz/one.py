"""Search with one target: `python -m tests.fuzz.one NAME [libFuzzer's options and folders]`."""

import sys

import atheris

with atheris.instrument_imports(include=["client", "msgpack", "server", "tests.fuzz.targets", "wire"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Run from the command line. Ends when libFuzzer does."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
