"""Where the mail provider reports what became of a mail."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from leads.mail import events
from leads.models import Contact
from leads.services.mailbox import note_event


@csrf_exempt
@never_cache
@require_http_methods(["HEAD", "POST"])
def mail_events(request: HttpRequest, provider: str) -> HttpResponse:
    """There for the provider in use alone. It asks with HEAD whether somebody listens, and posts again on an error."""
    if provider != settings.EMAIL_PROVIDER:
        raise Http404
    if request.method == "POST":
        for report in events.reports(request):
            contact = Contact.objects.filter(email=report.recipient).first()
            if contact is not None:
                note_event(event_id=report.event_id, kind=report.kind, contact=contact, message_id=report.message_id)
    return HttpResponse()
