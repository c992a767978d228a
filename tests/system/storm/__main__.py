"""Let it storm: ``python -m tests.system.storm --seconds 600 --seed 7 --folder DIR --port PORT``, on an empty, migrated PostgreSQL database.

The last line printed is the report, as JSON: what happened, and what was found wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path

import django


def main() -> None:
    parser = argparse.ArgumentParser(prog="storm")
    parser.add_argument("--seconds", type=float, required=True, help="how long it storms")
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True, help="where the logs go")
    parser.add_argument("--port", type=int, required=True, help="of the storm's own Redis")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(1))
    os.environ["REDIS_URL"] = f"redis://127.0.0.1:{options.port}/0"
    django.setup()
    from tests.system.storm.course import Course  # its models need the setup

    print(json.dumps(Course(options.folder, options.port, options.seed).run(options.seconds), default=str))


if __name__ == "__main__":
    main()
