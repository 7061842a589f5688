"""The Celery application, for the worker and the one beat. The web processes never publish a task."""

import os
from typing import Any

import kombu
from celery import Celery
from celery.app.amqp import AMQP
from celery.beat import PersistentScheduler
from celery.signals import task_postrun, task_prerun

from clinic import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")


class SteadyConnection(kombu.Connection):
    """Tries again every second. Kombu waits longer each time, up to 30 s, and the mail would wait with it."""

    def ensure_connection(self, *args: Any, **options: Any) -> "SteadyConnection":
        steady = {"interval_start": 1, "interval_step": 0, "interval_max": 1}
        return super().ensure_connection(*args, **steady | options)


class SteadyAMQP(AMQP):
    Connection = SteadyConnection


class SteadyScheduler(PersistentScheduler):
    """Goes on where the clock was set back. Celery's would stand still until it shows again what it showed before."""

    def tick(self, *args: Any, **options: Any) -> float:
        now = self.app.now()
        ahead = [entry for entry in self.schedule.values() if entry.last_run_at and entry.last_run_at > now]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self.populate_heap()
        return super().tick(*args, **options)


app = Celery("clinic", amqp=SteadyAMQP)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@task_prerun.connect
def begin(task_id: str, task: Any, **_: object) -> None:
    logs.occasion.set({"task": task.name, "task_id": task_id})


@task_postrun.connect
def end(**_: object) -> None:
    logs.occasion.set({})
