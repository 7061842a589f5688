"""The least valid row of each kind. A test names only what it is about.

There is one home page and one list of posts: their factories hand out the one that exists.
"""

import uuid
from datetime import time

import factory
from django.db import connection, transaction
from django.db.models.functions import Now
from factory.django import DjangoModelFactory
from wagtail.models import Page, PageViewRestriction, Site
from wagtail_factories import ImageFactory, PageFactory

from blog.models import Author, BlogIndexPage, BlogPage, Topic
from clinic.models import ClinicSettings, HomePage, StandardPage, User
from leads.models import (
    Contact,
    Enrolment,
    GuideIndexPage,
    GuidePage,
    Issue,
    Lead,
    OutgoingMail,
    Sequence,
    Step,
    Submission,
    Subscription,
    Video,
    WorkshopIndexPage,
    WorkshopPage,
)

__all__ = [
    "AuthorFactory",
    "BlogIndexPageFactory",
    "BlogPageFactory",
    "ClinicSettingsFactory",
    "ContactFactory",
    "EnrolmentFactory",
    "GuideIndexPageFactory",
    "GuidePageFactory",
    "HomePageFactory",
    "ImageFactory",
    "IssueFactory",
    "LeadFactory",
    "OutgoingMailFactory",
    "SequenceFactory",
    "StaffNoticeFactory",
    "StandardPageFactory",
    "StepFactory",
    "SubmissionFactory",
    "SubscriberFactory",
    "SubscriptionFactory",
    "TipFactory",
    "TopicFactory",
    "UserFactory",
    "VideoFactory",
    "WorkshopIndexPageFactory",
    "WorkshopPageFactory",
    "make_private",
]


PROCESS = uuid.uuid4().hex[:6]


def unique(text: str) -> factory.Sequence:
    """A value that nobody else has: other processes make rows in the same database."""
    return factory.Sequence(lambda number: text.format(f"{PROCESS}-{number}"))


class UserFactory(DjangoModelFactory):
    class Meta:
        model = User

    username = unique("user-{}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")


class ClinicSettingsFactory(DjangoModelFactory):
    """The clinic's one row of settings, with what the test names written into it."""

    class Meta:
        model = ClinicSettings

    practice_name = "Dr. Rivers"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        clinic = model_class.load()
        for name, value in kwargs.items():
            setattr(clinic, name, value)
        clinic.save()
        return clinic


class HomePageFactory(PageFactory):
    """The root of the default site: the page that Wagtail's migrations put there makes room."""

    class Meta:
        model = HomePage

    title = "Home"
    headline = "Start with one inch."
    introduction = "Movement is life."

    @classmethod
    def _create(cls, model_class, *args, parent=None, **kwargs):
        if home := model_class.objects.first():
            return home
        with transaction.atomic():
            remove_welcome_page()
            root = Page.get_first_root_node() or Page.add_root(instance=Page(title="Root", slug="root"))
            home = root.add_child(instance=model_class(**kwargs))
            Site.objects.update_or_create(is_default_site=True, defaults={"hostname": "testserver", "root_page": home})
        return home


def remove_welcome_page() -> None:
    """With SQL: Django looks in thirty tables for what belongs to a page, and to this one belongs only the site."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM wagtailcore_page WHERE depth = 2")
    Page.objects.filter(depth=1).update(numchild=0)


class StandardPageFactory(PageFactory):
    class Meta:
        model = StandardPage

    parent = factory.SubFactory(HomePageFactory)
    title = factory.Sequence("Page {}".format)
    slug = ""


class TopicFactory(DjangoModelFactory):
    class Meta:
        model = Topic

    name = factory.Sequence("Topic {}".format)
    slug = unique("topic-{}")


class AuthorFactory(DjangoModelFactory):
    class Meta:
        model = Author

    name = factory.Sequence("Author {}".format)
    slug = unique("author-{}")


class BlogIndexPageFactory(PageFactory):
    class Meta:
        model = BlogIndexPage

    parent = factory.SubFactory(HomePageFactory)
    title = "Articles"
    slug = "blog"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.first() or super()._create(model_class, *args, **kwargs)


class BlogPageFactory(PageFactory):
    """A post. Give its body as a list of `(name of block, value)`."""

    class Meta:
        model = BlogPage

    parent = factory.SubFactory(BlogIndexPageFactory)
    title = factory.Sequence("Post {}".format)
    slug = ""  # Wagtail makes it of the title, and another one when it is taken
    listing_summary = "What this post says."
    topic = factory.SubFactory(TopicFactory)
    author = factory.SubFactory(AuthorFactory)


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = Contact

    email = unique("reader-{}@example.com")


class LeadFactory(DjangoModelFactory):
    class Meta:
        model = Lead

    contact = factory.SubFactory(ContactFactory)


class SubmissionFactory(DjangoModelFactory):
    class Meta:
        model = Submission

    kind = Submission.Kind.NEWSLETTER
    lead = factory.SubFactory(LeadFactory)
    contact = factory.SelfAttribute("lead.contact")
    key = factory.LazyFunction(uuid.uuid4)


class SubscriptionFactory(DjangoModelFactory):
    class Meta:
        model = Subscription

    contact = factory.SubFactory(ContactFactory)


class SubscriberFactory(SubscriptionFactory):
    """Somebody who gets the newsletter."""

    state = Subscription.State.CONFIRMED
    confirmed_at = Now()


class IssueFactory(DjangoModelFactory):
    """A draft with a note and no post."""

    class Meta:
        model = Issue

    subject = factory.Sequence("Issue {}".format)
    note = "Dear reader, walk a little."


class SequenceFactory(DjangoModelFactory):
    class Meta:
        model = Sequence

    key = unique("sequence-{}")
    name = "Health tips"


class StepFactory(DjangoModelFactory):
    """Sent at any time of the day."""

    class Meta:
        model = Step

    sequence = factory.SubFactory(SequenceFactory)
    version = factory.SelfAttribute("sequence.version")
    position = factory.Sequence(int)
    key = unique("step-{}")
    delay_hours = 0
    window_opens = time.min
    window_closes = time.max
    subject = "A tip"
    body = "Walk a little."


class EnrolmentFactory(DjangoModelFactory):
    class Meta:
        model = Enrolment

    contact = factory.SubFactory(ContactFactory)
    sequence = factory.SubFactory(SequenceFactory)
    version = factory.SelfAttribute("sequence.version")


class OutgoingMailFactory(DjangoModelFactory):
    """A confirmation of the newsletter that is due now."""

    class Meta:
        model = OutgoingMail

    dedupe_key = unique("confirm:{}")
    kind = OutgoingMail.Kind.CONFIRM
    submission = factory.SubFactory(SubmissionFactory)
    contact = factory.SelfAttribute("submission.contact")


class StaffNoticeFactory(OutgoingMailFactory):
    dedupe_key = unique("staff:{}")
    kind = OutgoingMail.Kind.STAFF
    contact = None


class TipFactory(OutgoingMailFactory):
    dedupe_key = unique("tip:{}")
    kind = OutgoingMail.Kind.TIP
    submission = None
    contact = factory.SelfAttribute("enrolment.contact")
    enrolment = factory.SubFactory(EnrolmentFactory)
    step = factory.SubFactory(StepFactory, sequence=factory.SelfAttribute("..enrolment.sequence"))


class GuideIndexPageFactory(PageFactory):
    class Meta:
        model = GuideIndexPage

    parent = factory.SubFactory(HomePageFactory)
    title = "Free guide"
    slug = "guides"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.first() or super()._create(model_class, *args, **kwargs)


class GuidePageFactory(PageFactory):
    """A guide with one tip. Give its tips as a list of `("tip", value)`."""

    class Meta:
        model = GuidePage

    parent = factory.SubFactory(GuideIndexPageFactory)
    title = factory.Sequence("Guide {}".format)
    slug = ""
    introduction = "Tips for today."
    tips = [("tip", {"title": "Walk every day", "text": "<p>Each step turns your back a little.</p>"})]


class WorkshopIndexPageFactory(PageFactory):
    class Meta:
        model = WorkshopIndexPage

    parent = factory.SubFactory(HomePageFactory)
    title = "Workshops"
    slug = "workshops"

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        return model_class.objects.first() or super()._create(model_class, *args, **kwargs)


class VideoFactory(DjangoModelFactory):
    class Meta:
        model = Video

    title = factory.Sequence("Video {}".format)
    slug = unique("video-{}")
    file = factory.django.FileField(filename="film.mp4", data=bytes(range(256)))


class WorkshopPageFactory(PageFactory):
    class Meta:
        model = WorkshopPage

    parent = factory.SubFactory(WorkshopIndexPageFactory)
    title = factory.Sequence("Workshop {}".format)
    slug = ""
    introduction = "Two gentle movements."
    minutes = 2
    video = factory.SubFactory(VideoFactory)


def make_private(page: Page) -> Page:
    """Ask for a password before the page, or anything below it, is shown."""
    PageViewRestriction.objects.create(page=page, restriction_type=PageViewRestriction.PASSWORD, password="open")
    return page
