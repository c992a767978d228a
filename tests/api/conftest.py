"""What all tests of the API share."""

from tests.api.program import program  # noqa: F401 - a fixture for all of them
