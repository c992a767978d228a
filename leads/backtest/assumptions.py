"""What a backtest assumes, in plain words: shown beside every result. Pure."""

from __future__ import annotations

ASSUMPTIONS = (
    "Looked at are the leads that came in on these days, history that was loaded too, without those that sales found itself: no rule decides about them.",
    (
        "Each lead is judged after each of its touches, at the instant of the touch, by the rule, the scoring, the personas and the tiers of a version."
        " It counts once, when the rule first holds; later lives of a lead are not judged again."
    ),
    "What is known of people and companies is what is known today: when a job title or an industry became known is not replayed.",
    (
        "What became of a lead is what really became of it. Of leads that sales never had nobody knows what it would have been: they are counted apart,"
        " and no percentage includes them."
    ),
    "Nobody’s workload is replayed: more MQLs would take more time to work.",
)
