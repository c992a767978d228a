"""Gunicorn's configuration (`gunicorn -c python:smarketing.webserver smarketing.wsgi`)."""

import os
from typing import Any

from smarketing.guardian import die_with_parent
from smarketing.port import port_of

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{port_of(os.environ)}"
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 2
keepalive = 5
control_socket_disable = True
loglevel = "warning"
# An access log would hold addresses and what people search for.
accesslog = None


def post_fork(server: Any, worker: Any) -> None:
    """Let no worker outlive its master."""
    die_with_parent(worker.ppid)
