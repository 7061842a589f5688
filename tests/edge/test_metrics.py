"""What all workers of a gunicorn count together, asked from inside."""

import http.client
import re
import signal
from contextlib import closing

import psutil

from tests.smtp import wait_for


def answered(site) -> int:
    """Requests that ended well, as any of the workers of each gunicorn tells it."""
    return sum(answered_by(server, site) for server in site.env["WEB_SERVERS"].split())


def answered_by(server: str, site) -> int:
    with closing(http.client.HTTPConnection(server, timeout=10)) as connection:
        connection.request("GET", "/metrics", headers={"Host": f"localhost:{site.port}"})
        text = connection.getresponse().read().decode()
    return int(re.search(r'clinic_request_seconds_count\{status="2xx"\} (\d+)', text)[1])


def test_every_worker_tells_what_all_of_them_answered_even_one_that_ended(site):
    before = answered(site)
    for number in range(20):
        assert site.ask(f"/assessment/?{number}", address="127.0.7.1").status == 200
    assert {answered(site) - before - 2 * asked for asked in range(1, 9)} == {20}
    old, *_ = psutil.Process(site.child("web").process.pid).children()
    old.send_signal(signal.SIGTERM)
    wait_for(lambda: not old.is_running(), 30)
    wait_for(lambda: len(psutil.Process(site.child("web").process.pid).children()) == 2, 30)
    assert answered(site) - before == 38
