from collections.abc import Sequence as List

from django.db import transaction

from leads.models import OutgoingMail, Sequence, Step


@transaction.atomic
def publish_steps(*, sequence: Sequence, steps: List[Step]) -> Sequence:
    """Give a sequence its next version, made of these new steps in their order.

    Who is on the way goes on in it: a correction reaches those who wait, and nobody gets a step twice, for a step is
    told by its key. A mail that waits for a step that is gone still leaves as it was owed.
    """
    sequence = Sequence.objects.select_for_update().get(pk=sequence.pk)
    is_first = not sequence.steps.exists()
    sequence.version += 0 if is_first else 1
    sequence.save(update_fields=["version"])
    for position, step in enumerate(steps, 1):
        step.sequence, step.version, step.position = sequence, sequence.version, position
    Step.objects.bulk_create(steps)
    sequence.enrolments.filter(ended_at=None).update(version=sequence.version)
    for step in steps:
        waiting = OutgoingMail.objects.filter(enrolment__sequence=sequence, state=OutgoingMail.State.QUEUED)
        waiting.filter(step__key=step.key).update(step=step)
    return sequence
