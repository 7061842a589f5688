"""Finding a person. What is typed is posted, so that it stands in no address, no log and no history of a browser."""

from django.db.models import Q
from django.http import HttpResponse
from django.urls import path, reverse
from django.views.generic import FormView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from leads.forms.search import SearchForm
from leads.models import Contact, Lead, Submission

from .inbox import LeadPermissionMixin

SHOWN = 50


class SearchView(LeadPermissionMixin, WagtailAdminTemplateMixin, FormView):
    template_name = "leads/admin/search.html"
    form_class = SearchForm
    page_title = "Find a person"
    header_icon = "search"

    def form_valid(self, form: SearchForm) -> HttpResponse:
        found = found_leads(form)
        more = len(found) > SHOWN
        return self.render_to_response(self.get_context_data(form=form, found=found[:SHOWN], has_more=more))

    def form_invalid(self, form: SearchForm) -> HttpResponse:
        return self.render_to_response(self.get_context_data(form=form), status=422)

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        inbox = {"url": reverse("leads_inbox"), "label": "Leads"}
        return [*self.breadcrumbs_items, inbox, {"url": "", "label": self.page_title}]


def found_leads(form: SearchForm) -> list[Lead]:
    """At most one more than is shown, the latest first. Each look is at one index.

    Who is found by what stood on a card that was merged into another, is found as that other.
    """
    term, digits = form.cleaned_data["term"], form.digits
    if digits:
        looks = [Q(phone__contains=digits)]
    else:
        mailboxes = list(Contact.objects.filter(email__icontains=term).values_list("pk", flat=True)[: SHOWN + 1])
        wrote = Submission.objects.filter(contact__in=mailboxes).values("lead")
        looks = [Q(name__icontains=term), Q(contact__in=mailboxes), Q(pk__in=wrote)]
    found: set[int] = set()
    for look in looks:
        for cards, key in ((Lead.objects.cards(), "pk"), (Lead.objects.merged(), "merged_into")):
            latest = cards.filter(look).order_by("-asked_at", "-pk")
            found.update(latest.values_list(key, flat=True)[: SHOWN + 1])
    leads = Lead.objects.filter(pk__in=found).select_related("owner", "contact")
    return list(leads.order_by("-asked_at", "-pk")[: SHOWN + 1])


urls = [path("leads/search/", SearchView.as_view(), name="leads_search")]
