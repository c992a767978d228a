#!/usr/bin/env python
"""Run a management command of Smarketing."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smarketing.settings")

    from smarketing.command_line import main

    main(sys.argv)
