from typing import ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import cached_property
from modelcluster.fields import ParentalKey
from wagtail.admin.panels import FieldPanel, InlinePanel, MultiFieldPanel, PageChooserPanel
from wagtail.models import Orderable, PageManager, PageViewRestriction
from wagtail.search import index

from blog.structured_data import post_graph
from clinic.memory import Remembered
from clinic.menu import menu_pages
from clinic.models import ClinicallyReviewed, PublishedQuerySet, StoryPage
from clinic.share_picture import SharePicture

RELATED_POSTS = 4
AUTHOR_POSTS = 3
PAGE_FIELDS = [
    "path",
    "url_path",
    "slug",
    "live",
    "content_type",
    "title",
    "seo_title",
    "search_description",
    "first_published_at",
    "last_published_at",
    "listing_title",
    "listing_summary",
    "social_image",
    "body",
    "reading_minutes",
    "date",
    "last_reviewed_on",
    "next_review_on",
    "topic__name",
    "topic__slug",
    "author__name",
    "author__slug",
    "author__credentials",
    "author__lead",
    "author__bio",
    "author__portrait",
    "reviewed_by__first_name",
    "reviewed_by__last_name",
    "reviewed_by__credentials",
]


class BlogPageQuerySet(PublishedQuerySet):
    def for_page(self):
        """What the page of a post shows of itself, its author and its reviewer, and which posts its editor picked.

        Named one by one: Django takes longer to name all columns of these tables than PostgreSQL to read the row.
        """
        picks = Pick.objects.filter(page=OuterRef("pk")).order_by("sort_order").values("post_id")
        return (
            self.select_related("topic", "author", "reviewed_by")
            .only(*PAGE_FIELDS)
            .annotate(picked_posts=ArraySubquery(picks))
        )

    def beside(self, pk: int):
        """The other posts that anyone may see who may see this one: a restriction above it would hold for both."""
        own = PageViewRestriction.objects.filter(page=OuterRef("pk"))  # joined, it would look as if it left hardly any
        return self.live().filter(~Exists(own)).exclude(pk=pk)

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
        above = self.path[: -self.steplen]
        return next((page.title for page in menu_pages() if page.path == above), None) or self.get_parent().title

    @cached_property
    def picked_posts(self) -> list[int]:
        """The editor's picks in their order; `for_page` brings them along."""
        return [pick.post_id for pick in self.picks.all()]

    @property
    def related_posts(self) -> list["BlogPage"]:
        """The editor's picks in their order, then the newest of the same topic; never the post itself."""
        return related_posts(self.pk, tuple(self.picked_posts), self.topic_id)

    @property
    def author_posts(self) -> list["BlogPage"]:
        """The newest other posts of the author."""
        return author_posts(self.pk, self.author_id)


@Remembered
def related_posts(pk: int, picked: tuple[int, ...], topic_id: int) -> list[BlogPage]:
    others = BlogPage.objects.beside(pk).for_links()
    newest = others.filter(topic_id=topic_id).exclude(pk__in=picked)[:RELATED_POSTS]
    posts = list(others.filter(pk__in=picked).union(newest) if picked else newest)
    picks = sorted((post for post in posts if post.pk in picked), key=lambda post: picked.index(post.pk))
    rest = sorted(
        (post for post in posts if post.pk not in picked), key=lambda post: (post.date, post.pk), reverse=True
    )
    return [*picks, *rest][: max(RELATED_POSTS, len(picked))]


@Remembered
def author_posts(pk: int, author_id: int) -> list[BlogPage]:
    return list(BlogPage.objects.beside(pk).filter(author_id=author_id).for_links()[:AUTHOR_POSTS])


class Pick(Orderable):
    """A post that the editor wants read after another one."""

    page = ParentalKey(BlogPage, on_delete=models.CASCADE, related_name="picks")
    post = models.ForeignKey(BlogPage, on_delete=models.CASCADE, related_name="+")

    panels = [PageChooserPanel("post", "blog.BlogPage")]

    class Meta(Orderable.Meta):
        constraints = [models.UniqueConstraint(fields=["page", "post"], name="one_pick_a_post")]
