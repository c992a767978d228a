"""Why somebody got a lead, in plain words, for screens: loads the names that a trace speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from leads.models import Assignment, Pool, RoutingVersion
from leads.routing import sentences
from teams.models import Team, User


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids and codes of some assignments are called; rules by their version."""

    people: Mapping[int, str]
    pools: Mapping[int, str]
    queues: Mapping[int, str]
    rules: Mapping[int, Mapping[str, str]]
    reader: int = 0

    @staticmethod
    def load(assignments: Iterable[Assignment], *, reader: int = 0) -> Names:
        """Load the names for ``assignments`` (with ``routing_version``), with three queries at most; ``reader`` is called *you*."""
        rows = list(assignments)
        versions = {row.routing_version for row in rows if row.routing_version is not None}
        return load_names([row.trace for row in rows], versions, reader=reader)

    def of(self, assignment: Assignment) -> sentences.Names:
        """Give the names as they apply to one assignment."""
        return self.of_version(assignment.routing_version_id or 0)

    def of_version(self, version_id: int) -> sentences.Names:
        """Give the names as they apply to a decision by this version of the rules."""
        return sentences.Names(self.people, self.pools, self.queues, self.rules.get(version_id, {}), self.reader)


def load_names(traces: Sequence[sentences.Trace], versions: Iterable[RoutingVersion], *, reader: int = 0) -> Names:
    """Load the names that these traces of decisions by ``versions`` speak of, with three queries at most."""
    people, pools, queues = sentences.ids_in(traces)
    return Names(
        dict(User.objects.filter(id__in=people).values_list("id", "name")) if people else {},
        dict(Pool.objects.filter(id__in=pools).values_list("id", "name")) if pools else {},
        dict(Team.objects.filter(id__in=queues).values_list("id", "name")) if queues else {},
        {version.pk: {line["code"]: line.get("words", "") for line in version.rules} for version in versions},
        reader,
    )


def why(assignment: Assignment, names: Names) -> str:
    """Say in one sentence why the lead went where it went: the *why me* of a queue."""
    return sentences.why(assignment.trace, names.of(assignment))


def story(assignment: Assignment, names: Names) -> list[str]:
    """Tell the whole decision: the rules that did not apply, who was passed over, and the outcome last."""
    return sentences.story(assignment.trace, names.of(assignment))
