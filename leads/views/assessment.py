from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from clinic.models import ClinicSettings
from clinic.origin import from_this_site
from leads import gate
from leads.forms import AssessmentForm
from leads.models import Lead, Submission
from leads.promise import promise_in_words
from leads.services.assessment import submit_assessment

from .answer import METHODS, show, take

TEMPLATE = "leads/assessment.html"


@from_this_site
@require_http_methods(METHODS)
def assessment(request: HttpRequest) -> HttpResponse:
    """The form for a free assessment. Never cached: it carries the number that makes one lead of many clicks."""
    if request.method != "POST":
        form = AssessmentForm(initial={"page": gate.page_before(request)})
        return show(request, TEMPLATE, {"form": form})
    form = AssessmentForm(request.POST)

    def act() -> str:
        names = ("key", "name", "email", "phone", "channel", "call_times", "wants_tips")
        submission = submit_assessment(
            **{name: form.cleaned_data[name] for name in names},
            health_answers=form.health_answers,
            source=gate.source_of(request, form.cleaned_data["page"]),
            spam_signs=form.spam_signs,
        )
        return reverse("leads:thanks", args=[submission.reference])

    return take(request, form, TEMPLATE, act)


@require_safe
def thanks(request: HttpRequest, reference: str) -> HttpResponse:
    """What happens next, with nobody's data in it: this page may be reloaded, kept and shared."""
    submissions = Submission.objects.filter(kind=Submission.Kind.ASSESSMENT).select_related("lead")
    submission = get_object_or_404(submissions, reference=reference)
    clinic, now = ClinicSettings.current(), timezone.now()
    promised_at = submission.promised_at
    by_mail = submission.lead.channel == Lead.Channel.EMAIL
    context = {
        "reference": reference,
        "promise": promise_in_words(promised_at, now, clinic) if promised_at else "",
        "is_over": promised_at is not None and promised_at < now,
        "by_mail": by_mail,
        "verb": "write to" if by_mail else "call",
    }
    return show(request, "leads/thanks.html", context)
