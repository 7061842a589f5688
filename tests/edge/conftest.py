"""One site for all tests of the edge. A test that uses up what one visitor may ask takes an address of its own."""

from collections.abc import Iterator

import pytest

from tests.edge.site import EdgeSite, serve


@pytest.fixture(scope="session")
def site() -> Iterator[EdgeSite]:
    with serve() as site:
        yield site
