"""Single calls over the whole stack in this process: a request in, an answer out, as the web server would hand it over."""

import io
import json
from collections.abc import Callable, Sequence
from itertools import count
from statistics import median
from time import perf_counter
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import clear_url_caches, set_urlconf

from benches import _intake_world as world

SERIAL = count(10_000_000)


class Caller:
    """Posts JSON with a token to the application."""

    def __init__(self, maya: Any) -> None:
        from knox.models import AuthToken

        settings.ROOT_URLCONF = "benches._bare"
        clear_url_caches()
        set_urlconf(None)
        self.application = get_wsgi_application()
        self.token = AuthToken.objects.create(user=maya)[1]

    def post(self, path: str, body: dict[str, Any]) -> None:
        """Post ``body`` and read the whole answer; anything but 201 ends the bench."""
        data = json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": "POST", "PATH_INFO": path, "SCRIPT_NAME": "", "QUERY_STRING": "", "SERVER_NAME": "testserver",
            "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "testserver",
            "CONTENT_TYPE": "application/json", "CONTENT_LENGTH": str(len(data)), "HTTP_ACCEPT": "application/json",
            "HTTP_AUTHORIZATION": f"Token {self.token}", "wsgi.input": io.BytesIO(data), "wsgi.errors": io.StringIO(),
            "wsgi.url_scheme": "http", "wsgi.version": (1, 0), "wsgi.multithread": False, "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }  # fmt: skip
        status: list[str] = []

        def start(line: str, headers: Any, error: Any = None, /) -> Callable[[bytes], object]:
            status.append(line)
            return status.append  # type: ignore[return-value]

        answer = self.application(environ, start)
        text = b"".join(answer)
        answer.close()
        if not status[0].startswith("201"):
            raise AssertionError(f"{path} answered {status[0]}: {text[:500]!r}")

    def lead(self) -> None:
        """Post a new hand-raise: the whole pipeline."""
        arrival = world.arrivals(1, next(SERIAL))[0]
        body = {name: getattr(arrival, name) for name in arrival.__slots__ if name != "origin"}
        self.post("/api/v1/leads", {name: value for name, value in body.items() if value not in ("", None, {})})

    def bare(self) -> None:
        """Post one row to the bare view."""
        name = f"bare.{next(SERIAL)}@firm.example"
        self.post(
            "/bare",
            {"name": "Person", "email": name, "email_key": name, "job_title": "Head of Operations", "role": "Operations",
             "seniority": "Head", "country": "DE", "created_at": world.AT.isoformat()},
        )  # fmt: skip


def in_turns(calls: Sequence[Callable[[], None]], seconds: float) -> list[float]:
    """Make ``calls`` one after the other, there and back, for so many seconds; gives the median seconds of each.

    Single calls take turns and medians are compared, so that whatever else the machine does meets all of them alike.
    """
    taken: list[list[float]] = [[] for _ in calls]
    order = list(range(len(calls)))
    begun = perf_counter()
    while perf_counter() - begun < seconds:
        for place in order:
            before = perf_counter()
            calls[place]()
            taken[place].append(perf_counter() - before)
        order.reverse()
    return [median(times) for times in taken]
