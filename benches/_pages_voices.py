"""What customers said, what reps would change about the personas, and who looks like whom, in the company whose pages are measured."""

from __future__ import annotations

from benches._pages_people import World
from leads.models import Contact, Lead, LikelyDuplicate, PersonaProposal, Quote
from personas.models import Persona

QUOTES, PROPOSALS, PAIRS = 600, 60, 200


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
    ids = list(Contact.objects.order_by("-pk").values_list("pk", flat=True)[: 2 * PAIRS])
    evidence = [{"code": "names", "percent": 92}]
    LikelyDuplicate.objects.bulk_create(
        [
            LikelyDuplicate(first_id=first, second_id=second, likeness=92, evidence=evidence, found_at=world.at)
            for second, first in zip(ids[::2], ids[1::2], strict=True)
        ]
    )
