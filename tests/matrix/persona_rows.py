"""Personas: everybody reads them and what was said of them; what somebody said is theirs to take away."""

from __future__ import annotations

from tests.matrix.rows import FORM_TAKEN, Access, Row, Target, deed, form, page, who_may
from tests.matrix.world import MISSING_ID, MISSING_SLUG

OUTSIDERS = frozenset({"olive"})
OK, GOES_ON = frozenset({200}), frozenset({302})
PERSONA = Target(lambda world, actor: {"code": "it-lead"}, {"code": MISSING_SLUG})
PROPOSED = Target(
    lambda world, actor: {"code": "it-lead", "proposal_id": world.leads["sam"].persona_proposals.get().pk},
    {"proposal_id": MISSING_ID},
)
REMOVABLE = Target(
    lambda world, actor: {"proposal_id": world.leads["sam"].persona_proposals.get().pk},
    {"proposal_id": MISSING_ID},
    lambda world, actor: {"proposal_id": world.leads["rita"].persona_proposals.get().pk},
)
QUOTE = Target(
    lambda world, actor: {"quote_id": world.leads["sam"].quotes.get().pk},
    {"quote_id": MISSING_ID},
    lambda world, actor: {"quote_id": world.leads["rita"].quotes.get().pk},
)
PERSONA_VERSION = Target(lambda world, actor: {"code": "it-lead", "number": 1}, {"number": MISSING_ID})

PERSONA_ROWS: dict[str, Row | tuple[Row, ...]] = {
    "desk:personas": page("see_personas"),
    "desk:persona": page("see_personas", target=PERSONA),
    "desk:persona_quotes": page("see_personas", target=PERSONA),
    "desk:persona_proposal": Row(
        {
            "GET": Access(who_may("see_personas"), OK),
            "POST": Access(who_may("answer_persona_proposal"), FORM_TAKEN, refused=403, blind=OUTSIDERS),
        },
        **PROPOSED.of(),
    ),
    "desk:remove_quote": Row(
        {
            "POST": Access(
                who_may("write_personas"),
                GOES_ON,
                refused=403,
                own_only=frozenset({"sam"}),
                foreign=403,
                blind=OUTSIDERS,
            )
        },
        **QUOTE.of(),
    ),
    "desk:persona_proposals": page("see_personas"),
    "desk:remove_persona_proposal": Row(
        {"POST": Access(frozenset(), GOES_ON, refused=403, foreign=403, own_only=frozenset({"sam"}), blind=OUTSIDERS)},
        **REMOVABLE.of(),
    ),
    "desk:persona_versions": page("see_personas", target=PERSONA),
    "desk:persona_version": page("see_personas", target=PERSONA_VERSION),
    "desk:persona_compare": page("see_personas", target=PERSONA),
    "desk:validate_persona": deed("validate_persona", target=PERSONA, refused=403, blind=OUTSIDERS, done={302}),
    "desk:new_persona": form("write_personas", refused=403, blind=OUTSIDERS),
    "desk:edit_persona": form("write_personas", target=PERSONA, refused=403, blind=OUTSIDERS),
    "desk:retire_persona": deed("write_personas", target=PERSONA, refused=403, blind=OUTSIDERS, done={302}),
    "desk:bring_back_persona": deed("write_personas", target=PERSONA, refused=403, blind=OUTSIDERS, done={302}),
}
