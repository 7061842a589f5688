from typing import ClassVar

from django.db import models
from django.db.models import Case, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Left, Length
from django.utils import timezone
from django.utils.functional import cached_property
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel, PageChooserPanel
from wagtail.models import Orderable, Page, PageManager
from wagtail.search import index

from blog.structured_data import post_graph
from clinic.models import ClinicallyReviewed, PublishedQuerySet, StoryPage
from clinic.share_picture import SharePicture

RELATED_POSTS = 4
AUTHOR_POSTS = 3


class BlogPageQuerySet(PublishedQuerySet):
    def with_byline(self):
        """What the page of a post shows of itself, its author and the page above it."""
        above = Page.objects.filter(path=Left(OuterRef("path"), Length(OuterRef("path")) - Page.steplen))
        return (
            self.select_related("topic", "author__portrait", "reviewed_by", "social_image")
            .defer("plain_text")
            .annotate(title_above=Subquery(above.values("title")[:1]))
        )

    def newest_first(self):
        return self.order_by("-date", "-pk")  # two posts of one day never change places

    def for_list(self):
        """What a list of posts shows; the bodies stay where they are."""
        return self.newest_first().select_related("topic", "author", "listing_image").defer("body", "plain_text")

    def for_links(self):
        """What a link to a post shows: its title, its summary, its address."""
        return self.newest_first().only("title", "url_path", "listing_title", "listing_summary", "date")


class BlogPage(ClinicallyReviewed, StoryPage):
    """A post: one article of the blog."""

    date = models.DateField("published on", default=timezone.localdate)
    topic = models.ForeignKey("blog.Topic", on_delete=models.PROTECT, related_name="posts")
    author = models.ForeignKey("blog.Author", on_delete=models.PROTECT, related_name="posts")
    # A post without a summary would be a bare title in lists, feeds and search results.
    listing_summary = models.TextField(
        "summary",
        max_length=200,
        help_text="One or two sentences for lists of posts and for search engines. A post cannot be published without.",
    )

    objects: ClassVar[PageManager] = PageManager.from_queryset(BlogPageQuerySet)()

    parent_page_types = ["blog.BlogIndexPage"]
    subpage_types: list[str] = []

    content_panels = [
        ClinicallyReviewed.review_panel,
        *StoryPage.content_panels,
        FieldPanel("listing_summary"),
        MultiFieldPanel([FieldPanel("date"), FieldPanel("topic"), FieldPanel("author")], heading="About this post"),
        FieldPanel("body"),
        InlinePanel("picks", label="Post", heading="Read next", help_text="In your order. The newest follow."),
    ]
    promote_panels = [
        MultiFieldPanel([FieldPanel("listing_title"), FieldPanel("listing_image")], heading="In lists"),
        *StoryPage.promote_panels[1:2],
    ]
    search_fields = [*StoryPage.search_fields, index.FilterField("date"), index.FilterField("topic_id")]

    class Meta:
        verbose_name = "post"
        indexes = [models.Index(fields=["-date", "-page_ptr"], name="blog_newest_first")]

    @property
    def share_path(self) -> str:
        return f"{self.url}share.png"

    def share_picture(self, clinic):
        is_clinics_own = self.author.name == clinic.practice_name
        return SharePicture(
            title=self.title,
            kicker=self.topic.name,
            name=self.author.name,
            line=(clinic.tagline or self.author.credentials) if is_clinics_own else clinic.practice_name,
        )

    def structured_data(self, clinic, url, image):
        return post_graph(self, clinic, url, image)

    @cached_property
    def parent_title(self) -> str:
        """The title of the list that this post is in."""
        return getattr(self, "title_above", None) or self.get_parent().title

    @cached_property
    def related_posts(self) -> list["BlogPage"]:
        """The editor's picks in their order, then the newest of the same topic; never the post itself."""
        picked = [pick.post_id for pick in self.picks.all()]
        # A post that leads to itself is not shown, so its own place does no harm; and a Case must have one.
        places = [When(pk=pk, then=Value(place)) for place, pk in enumerate([*picked, self.pk])]
        order = Case(*places, default=Value(len(places)))
        posts = (
            BlogPage.objects.published()
            .filter(Q(pk__in=picked) | Q(topic_id=self.topic_id))
            .exclude(pk=self.pk)
            .for_links()
        )
        return list(posts.order_by(order, "-date", "-pk")[: max(RELATED_POSTS, len(picked))])

    @cached_property
    def author_posts(self) -> list["BlogPage"]:
        """The newest other posts of the author."""
        posts = BlogPage.objects.published().filter(author_id=self.author_id).exclude(pk=self.pk)
        return list(posts.for_links()[:AUTHOR_POSTS])


class Pick(Orderable):
    """A post that the editor wants read after another one."""

    page = ParentalKey(BlogPage, on_delete=models.CASCADE, related_name="picks")
    post = models.ForeignKey(BlogPage, on_delete=models.CASCADE, related_name="+")

    panels = [PageChooserPanel("post", "blog.BlogPage")]

    class Meta(Orderable.Meta):
        constraints = [models.UniqueConstraint(fields=["page", "post"], name="one_pick_a_post")]
