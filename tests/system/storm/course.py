"""The course of a storm: calm, storm, calm again until all is done that was due, then the look at what is left."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ledger.instants import edge_now
from tests.system.storm import checks, company, witness
from tests.system.storm.faults import Storm
from tests.system.storm.load import Load, is_settled, outcomes
from tests.system.storm.planted import PLANTS, overlooked
from tests.system.storm.processes import Broker, Process, schedulers, sweepers

CALM_SECONDS = 20
PATIENCE_SECONDS = 180
LOOK_SECONDS = 0.2
READY = " ready."
RAISED = re.compile(r" Task ([\w.]+)\[[\w-]+\] raised unexpected: (\w+)\(")


class Unsettled(AssertionError):
    """Something was to come to an end, and did not."""


@dataclass
class Course:
    """One storm in ``folder``, with a Redis on ``port``; ``report`` fills as it goes."""

    folder: Path
    port: int
    seed: int
    report: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        self.broker = Broker(self.folder, self.port)
        self.sweepers, self.schedulers = sweepers(self.folder), schedulers(self.folder)

    @property
    def processes(self) -> list[Process]:
        return [*self.schedulers, *self.sweepers, self.broker]

    def run(self, seconds: float) -> dict[str, Any]:
        """Let leads come for so long, a while in calm, then in the storm; give the report. Nothing of it runs afterwards, however it ends."""
        self.report |= {"seed": self.seed, "seconds": seconds}
        with ExitStack() as stack:
            for process in self.processes:
                stack.callback(process.kill)
            load = self._begin()
            stack.callback(load.end)
            ends_at = time.monotonic() + seconds
            self._calm()
            self._storm(ends_at - time.monotonic())
            at = self._settle(load)
        self._tell(load)
        self._judge(at)
        return self.report

    def _begin(self) -> Load:
        for process in reversed(self.processes):
            process.start()
        begun = company.found(edge_now())
        witness.install()
        self._until("the workers are ready", lambda: all(READY in one.log.read_text() for one in self.sweepers))
        load = Load(begun, self.seed)
        load.begin()
        return load

    def _calm(self) -> None:
        """Measure how soon a miss is recorded while nothing is broken (promise P3)."""
        began = edge_now()
        ends = began + timedelta(seconds=CALM_SECONDS)
        self._until(
            "the calm has passed, and what fell due in it is done", lambda: edge_now() > ends and is_settled(ends)
        )
        found = witness.delays((began, ends))
        self.report["calm"] = found.told if found else {}

    def _storm(self, seconds: float) -> None:
        storm = Storm(self.sweepers, self.schedulers, self.broker, self.seed)
        began = edge_now()
        storm.rage(seconds)
        ends = edge_now()
        self.report["faults"] = dict(sorted(storm.happened.items()))
        self._spans = {"storm": [(began, ends)], "broker away": storm.broker_away}

    def _settle(self, load: Load) -> datetime:
        """Let everybody come to an end with what was due by now; give this instant."""
        load.end()
        at = edge_now()
        began = time.monotonic()
        self._until("all is done that was due", lambda: is_settled(at))
        self.report["settled_after"] = round(time.monotonic() - began, 1)
        self.report["fallen"] = [process.told_end for process in self.processes if not process.is_up]
        for process in self.processes:
            process.ask_to_end()
        for process in self.processes:
            process.end()
        return at

    def _tell(self, load: Load) -> None:
        self.report |= {
            "clocks": outcomes(),
            "done": dict(sorted(load.done.items())),
            "refused": dict(sorted(load.refused.items())),
            "sweepers": [one.name for one in self.sweepers],
            "steps": witness.steps_by_process(),
            "raised": self._raised(),
            "failed": load.failed,
        }
        for name, spans in self._spans.items():
            found = witness.delays(*spans)
            self.report[name] = found.told if found else {}

    def _raised(self) -> dict[str, int]:
        """Count the tasks of the sweepers that ended with an exception, by its name."""
        return dict(Counter(error for one in self.sweepers for _, error in RAISED.findall(one.log.read_text())))

    def _judge(self, at: datetime) -> None:
        began = time.monotonic()
        self.report["wrong"] = checks.wrong(at)
        self.report["planted"], self.report["overlooked"] = len(PLANTS), overlooked(at)
        self.report["wrong"] += checks.too_many_letters(edge_now())
        self.report["judged_in"] = round(time.monotonic() - began, 1)

    def _until(self, what: str, is_so: Any) -> None:
        print(f"storm: {time.monotonic() - self.begun:.0f} s: until {what}", file=sys.stderr, flush=True)
        give_up_at = time.monotonic() + PATIENCE_SECONDS
        while not is_so():
            if time.monotonic() > give_up_at:
                raise Unsettled(f"not within {PATIENCE_SECONDS} s: {what}")
            time.sleep(LOOK_SECONDS)
