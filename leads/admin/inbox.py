"""The working list: who waits for an answer, in the order in which they should get one."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.views.generic import TemplateView
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.sidebar import LinkMenuItem
from wagtail.admin.utils import get_user_display_name
from wagtail.admin.views.generic import PermissionCheckedMixin, WagtailAdminTemplateMixin
from wagtail.admin.widgets.button import HeaderButton
from wagtail.permission_policies import ModelPermissionPolicy

from clinic.dashboard import ToDo, count_of
from clinic.models import User
from leads.models import Lead, Submission
from leads.models.person import MOST_COUNTED, LeadQuerySet
from leads.promise import promise_in_words

from .clock import Clock, Day, clinic_time, clock_of, promise_of

SHOWN = 20  # of each group on the working list
SHOWN_BESIDE = 10  # beside a card
PAGE = 100  # of one group alone
UNTIMED = ("new", "undated")
LATER = ("later", "undated")


class LeadPermissionMixin(PermissionCheckedMixin):
    permission_policy = ModelPermissionPolicy(Lead)
    any_permission_required = ["view"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with clinic_time():
            try:
                response: HttpResponse = super().dispatch(request, *args, **kwargs)
            except Http404:  # most often, somebody erased a person whose card was still open here
                return render(request, "leads/admin/gone.html", status=404)
            return response.render() if isinstance(response, TemplateResponse) else response

    @property
    def member(self) -> User:
        """Who is signed in: nobody else gets here."""
        return cast(User, self.request.user)


# --- What a line of the list says


@dataclass(frozen=True)
class Row:
    lead: Lead
    what: str
    clock: Clock
    promise: str  # see `promise_of`
    owner: str

    @property
    def tries(self) -> str:
        return count_of(self.lead.attempts, "try").replace("trys", "tries") if self.lead.attempts else ""

    @property
    def about(self) -> str:
        """What the line does not say yet: what was asked for, or on which page."""
        return self.lead.source_path if self.what in ASKED.values() else kind_label(self.lead.asked_for)


ASKED: dict[str, str] = {
    Submission.Kind.ASSESSMENT: "Asked for a free assessment",
    Submission.Kind.GUIDE: "Asked for the free guide",
    Submission.Kind.WORKSHOP: "Asked for a workshop",
    Submission.Kind.NEWSLETTER: "Signed up for the newsletter",
    Submission.Kind.CALL: "Phoned",
}


def kind_label(kind: str) -> str:
    return str(Submission.Kind(kind).label) if kind else ""


def row_of(lead: Lead, day: Day) -> Row:
    owner = get_user_display_name(lead.owner) if lead.owner else "Nobody yet"
    return Row(lead, what_waits(lead, day), clock_of(lead, day), promise_of(lead, day.now), owner)


def what_waits(lead: Lead, day: Day) -> str:
    if lead.promised_at:
        words = promise_in_words(lead.promised_at, day.now, day.clinic)
        by_mail = lead.channel == Lead.Channel.EMAIL
        if lead.promised_at < day.now:
            return f"{'An e-mail' if by_mail else 'A call'} was promised {words}"
        return f"{lead.verb} {words}"
    if lead.next_action or lead.state == Lead.State.NEW:
        return lead.next_action or ASKED.get(lead.asked_for, "Asked for nothing yet")
    return f"{lead.get_state_display()}, and nothing is planned"


# --- Groups


@dataclass(frozen=True)
class Group:
    key: str
    label: str
    leads: LeadQuerySet
    day: Day

    @cached_property
    def counted(self) -> int:
        return self.leads.counted()

    @property
    def count(self) -> str:
        return capped(self.counted)

    @property
    def clock_field(self) -> str:
        return "asked_at" if self.key in UNTIMED else "next_action_at"

    def after(self, lead: Lead) -> LeadQuerySet:
        moment = getattr(lead, self.clock_field)
        if moment is None:
            return self.leads.none()
        passed = Q(**{self.clock_field: moment, "pk__lte": lead.pk})
        return self.leads.filter(**{f"{self.clock_field}__gte": moment}).exclude(passed)

    def before(self, lead: Lead) -> LeadQuerySet:
        moment = getattr(lead, self.clock_field)
        if moment is None:
            return self.leads.none()
        passed = Q(**{self.clock_field: moment, "pk__gte": lead.pk})
        return self.leads.filter(**{f"{self.clock_field}__lte": moment}).exclude(passed).reverse()

    def rows(self, start: int, stop: int) -> list[Row]:
        leads = self.leads.select_related("owner")[start:stop]
        return [row_of(lead, self.day) for lead in leads]


def capped(number: int, most: int = MOST_COUNTED) -> str:
    return f"{most - 1:,}+" if number >= most else f"{number:,}"


def groups_of(day: Day) -> list[Group]:
    """In the order in which they are worked off."""
    now, midnight, leads = day.now, day.midnight, Lead.objects.all()
    parts = {
        "overdue": ("Overdue", leads.overdue(now)),
        "today": ("Promised today", leads.due_today(now, midnight)),
        "new": ("New", leads.unplanned()),
        "later": ("Later", leads.due_later(midnight)),
        "undated": ("Without a date", leads.undated()),
    }
    return [Group(key, label, leads, day) for key, (label, leads) in parts.items()]


@dataclass(frozen=True)
class Section:
    """A group as it is shown."""

    group: Group
    rows: list[Row]

    @property
    def has_more(self) -> bool:
        return self.group.counted > len(self.rows)


def sections(groups: list[Group], shown: int) -> list[Section]:
    return [Section(group, group.rows(0, shown)) for group in groups]


def summary(groups: list[Group]) -> str:
    """Such as "7 need you today, 2 of them are overdue."."""
    overdue, today = groups[0].counted, groups[1].counted
    due = overdue + today
    if not due:
        return "Nobody waits for a call today."
    text = f"{capped(due)} {'needs' if due == 1 else 'need'} you today"
    if not overdue:
        return f"{text}, and none is late."
    if overdue == due:
        return f"{text}, {'and is' if due == 1 else 'and all of them are'} overdue."
    return f"{text}, {capped(overdue)} of them {'is' if overdue == 1 else 'are'} overdue."


def neighbours(lead: Lead, groups: list[Group]) -> tuple[int | None, int | None]:
    """The cards before and after this one on the list; after one that is done, or waits for later, comes the first."""
    group = group_of(lead, groups)
    if group is None:
        return None, first_pk(group.leads for group in groups)
    place = groups.index(group)
    before = [group.before(lead), *(group.leads.reverse() for group in groups[:place][::-1])]
    after = [group.after(lead), *(group.leads for group in groups[place + 1 :])]
    if group.key in LATER:
        after = [*(group.leads for group in groups if group.key not in LATER), *after]
    return first_pk(before), first_pk(after)


def group_of(lead: Lead, groups: list[Group]) -> Group | None:
    """The one on the list in which the card is; None where nothing is to be done for it."""
    if lead.is_spam or lead.merged_into_id or lead.state not in Lead.OPEN_STATES:
        return None
    due, day = lead.next_action_at, groups[0].day
    if due is None:
        key = "new" if lead.state == Lead.State.NEW else "undated"
    else:
        key = "overdue" if due < day.now else "today" if due < day.midnight else "later"
    return next(group for group in groups if group.key == key)


def first_pk(candidates: Iterable[LeadQuerySet]) -> int | None:
    found = (leads.values_list("pk", flat=True).first() for leads in candidates)
    return next((pk for pk in found if pk is not None), None)


class InboxView(LeadPermissionMixin, WagtailAdminTemplateMixin, TemplateView):
    """`?group=new` shows one group alone, page by page."""

    template_name = "leads/admin/inbox.html"
    page_title = "Leads"
    header_icon = "group"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        groups = groups_of(Day.at(timezone.now()))
        kwargs |= {"summary": summary(groups), "waits": any(group.counted for group in groups)}
        kwargs |= self.one_group(groups) if "group" in self.request.GET else {"sections": sections(groups, SHOWN)}
        return super().get_context_data(**kwargs)

    def one_group(self, groups: list[Group]) -> dict[str, Any]:
        found = [group for group in groups if group.key == self.request.GET["group"]]
        page = self.request.GET.get("p", "1")
        if not found or not page.isdecimal() or not 0 < int(page) <= MOST_COUNTED // PAGE:
            raise Http404
        stop = int(page) * PAGE
        return {
            "sections": [Section(found[0], found[0].rows(stop - PAGE, stop))],
            "group": found[0],
            "previous": int(page) - 1,
            "next": int(page) + 1 if stop < min(found[0].counted, MOST_COUNTED) else 0,
            "is_cut": stop >= MOST_COUNTED,
        }

    @cached_property
    def header_buttons(self) -> list[HeaderButton]:
        if not self.request.user.has_perm("leads.add_lead"):
            return []
        return [HeaderButton("A caller", url=reverse("lead_call"), icon_name="plus")]

    def get_breadcrumbs_items(self) -> list[dict[str, str]]:
        return [*self.breadcrumbs_items, {"url": "", "label": "Leads"}]


# --- Beside the inbox: the menu, and the start page


class LeadMenuItem(MenuItem):
    """With the number of leads that need somebody today."""

    def is_shown(self, request: HttpRequest) -> bool:
        return request.user.has_perm("leads.view_lead")

    def render_component(self, request: HttpRequest) -> LinkMenuItem:
        item = super().render_component(request)
        number = Lead.objects.pressing(Day.at(timezone.now()).midnight)
        item.attrs = {**item.attrs, "data-waiting": capped(number, 100)} if number else item.attrs
        return item


def to_dos(request: HttpRequest) -> Iterator[ToDo]:
    """The lines of the start page."""
    if not request.user.has_perm("leads.view_lead"):
        return
    overdue, today, new = groups_of(Day.at(timezone.now()))[:3]
    inbox = reverse("leads_inbox")
    if number := overdue.counted:
        text = f"{overdue.count} {'lead' if number == 1 else 'leads'} should have heard from us by now"
        yield ToDo(text, [("Start with the first", inbox)], "overdue")
    if number := today.counted:
        text = f"{today.count} {'lead was' if number == 1 else 'leads were'} promised an answer today"
        yield ToDo(text, [("See who it is" if number == 1 else "See who they are", inbox)], "due")
    if number := new.counted:
        text = f"{new.count} new {'lead has' if number == 1 else 'leads have'} no next step yet"
        yield ToDo(text, [("Take a look", f"{inbox}?group=new")])


urls = [path("leads/", InboxView.as_view(), name="leads_inbox")]
