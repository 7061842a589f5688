"""Unsubscribes some of those who still wait for an issue; in a process of its own, as `prepare` is."""

import sys

import django


def main(number: int) -> None:
    django.setup()
    from leads.models import Contact, OutgoingMail  # noqa: PLC0415  they need Django
    from leads.services.newsletter import unsubscribe  # noqa: PLC0415

    waiting = OutgoingMail.objects.filter(state="queued", kind="issue").order_by("pk").values_list("contact", flat=True)
    for contact in Contact.objects.filter(pk__in=list(waiting[:number])):
        unsubscribe(contact=contact)


if __name__ == "__main__":
    main(int(sys.argv[1]))
