import logging
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from clinic.models import ClinicSettings, PublishedQuerySet
from leads import guide_pdf
from leads.models import GuideEdition, GuideFault, GuidePage

TRY_AGAIN = timedelta(minutes=10)
log = logging.getLogger(__name__)


@transaction.atomic
def set_edition(*, guide: GuidePage) -> GuideEdition | None:
    """Set the guide's PDF, if anything in it changed since it was last set. Answers with the newest edition there is.

    Where the PDF cannot be made, the reason is kept for staff and the edition before stays the newest.
    """
    guide = GuidePage.objects.select_for_update(of=("self",)).get(pk=guide.pk)  # one at a time
    content = guide_pdf.manuscript(guide, ClinicSettings.load())
    digest = guide_pdf.digest(content)
    newest = guide.newest_edition
    fault = GuideFault.objects.filter(guide=guide).first()
    if newest is not None and newest.digest == digest:
        GuideFault.objects.filter(guide=guide).delete()  # somebody took the mistake back
        return newest
    if fault is not None and fault.digest == digest and fault.tried_at > timezone.now() - TRY_AGAIN:
        return newest
    try:
        pdf = guide_pdf.draw(content)
    except guide_pdf.CannotBeSet as error:
        log.error("The PDF of guide %s could not be set", guide.pk)
        GuideFault.objects.update_or_create(
            guide=guide, defaults={"digest": digest, "reason": str(error), "tried_at": Now()}
        )
        return newest
    GuideFault.objects.filter(guide=guide).delete()
    return GuideEdition.objects.create(guide=guide, number=newest.number + 1 if newest else 1, digest=digest, pdf=pdf)


def set_editions() -> None:
    """Set every published guide that changed, or whose clinic did: a new phone number stands in the PDF too."""
    for guide in PublishedQuerySet(GuidePage).published():
        set_edition(guide=guide)
