"""What customers said, and what reps would change about the personas, in the company whose pages are measured."""

from __future__ import annotations

from benches._pages_people import World
from leads.models import Lead, PersonaProposal, Quote
from personas.models import Persona

QUOTES, PROPOSALS = 600, 60


def add(world: World) -> None:
    """Write quotes and open proposals from the newest leads, all about one persona."""
    version = Persona.objects.get(code="operations-olivia").newest
    leads = list(Lead.objects.order_by("-pk").values_list("pk", flat=True)[:QUOTES])
    about = {"persona": version.persona, "version": version, "text": "We count pallets by hand, every Friday."}
    rep = world.reps[0]
    Quote.objects.bulk_create([Quote(lead_id=pk, quoted_by=rep, quoted_at=world.at, **about) for pk in leads])
    PersonaProposal.objects.bulk_create(
        [PersonaProposal(lead_id=pk, proposed_by=rep, proposed_at=world.at, **about) for pk in leads[:PROPOSALS]]
    )
