"""Whether the promises held: checks of what is stored, by code of its own.

It reads the event log, the clock steps, the outbox, the audit entries and the pinned terms, calendars and rules as plain rows, and reckons
stages, owners, scores, clocks, due times and figures anew. It shares no code with the verbs, the sweep or the arithmetic that it judges. What
events cannot tell each module names; ``tests.replay.columns`` has the place of every column.
"""
