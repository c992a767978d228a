"""The company that the tests of all verbs share."""

from tests.verbs.company import company, founders

__all__ = ["company", "founders"]
