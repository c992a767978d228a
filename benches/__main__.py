"""`./run bench NAME`: run one bench. A bench is a module here with ``main(arguments)``.

A figure is one JSON line on standard output; progress goes to standard error.
"""

import sys
from importlib import import_module
from pathlib import Path


def names() -> list[str]:
    """List the benches: the modules of this package, but for those that begin with an underscore."""
    return sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main(arguments: list[str]) -> int:
    """Run the named bench and return its exit code; a hyphen in its name will do for an underscore."""
    name = arguments[0].replace("-", "_") if arguments else ""
    if name not in names():
        print(f"usage: ./run bench NAME; there are: {', '.join(names()) or 'none yet'}", file=sys.stderr)
        return 0 if not arguments else 2
    return int(import_module(f"benches.{name}").main(arguments[1:]) or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
