from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from leads.data_label import LABEL, viewers
from leads.models.privacy import ANSWER_WITHIN
from leads.retention import BACKUPS_GONE, HEALTH_ANSWERS


@require_safe
def data_label(request: HttpRequest) -> HttpResponse:
    """What the site keeps, why, for how long, and who sees it. The same for everyone."""
    seen_by = viewers(record.right for record in LABEL)
    context = {
        "parts": [(record, seen_by.get(record.right, [])) for record in LABEL],
        "health_answers": HEALTH_ANSWERS,
        "answer_days": ANSWER_WITHIN.days,
        "backup_months": BACKUPS_GONE.days // 30,
        "canonical_url": settings.SITE_URL + request.path,
    }
    return render(request, "leads/data_label.html", context)
