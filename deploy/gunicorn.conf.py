"""How gunicorn serves the site, in a container and in `make run` alike."""

import gc
import io
import os

from django.core.management import call_command
from django.db import Error, connections
from gunicorn.glogging import Logger

from clinic import logs, traffic
from clinic.postgresql.base import answer_within

PATIENCE = 5  # seconds for the database, when a worker starts

bind = f"{os.environ.get('WEB_HOST', '0.0.0.0')}:{os.environ.get('PORT', '8000')}"  # noqa: S104
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4  # of each, because some wait: for the database, or for a browser that connects ahead of need
preload_app = True  # the workers share the memory of what they import
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
timeout = 30  # seconds
graceful_timeout = 25
keepalive = 5
max_requests = 5000
max_requests_jitter = 500
limit_request_line = 8190


class JsonLogger(Logger):
    """What gunicorn itself has to say, in the form of the site's log. Requests are in the log of the edge."""

    def setup(self, cfg):
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.JsonFormatter())


logger_class = JsonLogger


def when_ready(server):
    """Spare what is imported from every later look for garbage, which takes time and unshares the workers' memory."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker):
    """Draw this machine's pages for faults: the clinic's facts may have been changed on another one."""
    try:
        with answer_within(PATIENCE):
            call_command("write_error_pages", stdout=io.StringIO())
    except (Error, OSError) as error:
        worker.log.warning("the pages for faults stay as they are: %s", type(error).__name__)
    finally:
        connections.close_all()


def pre_fork(server, worker):
    worker.row = traffic.free_row({other.row for other in server.WORKERS.values()})


def post_fork(server, worker):
    traffic.take_row(worker.row)
