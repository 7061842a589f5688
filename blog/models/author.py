from django.conf import settings
from django.db import models
from django.urls import reverse
from wagtail.admin.panels import FieldPanel, TitleFieldPanel
from wagtail.fields import RichTextField
from wagtail.search import index
from wagtail.snippets.models import register_snippet


@register_snippet
class Author(index.Indexed, models.Model):
    """Somebody who writes: the byline, the box under a post, and a page with all of their posts."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True, help_text="The end of their address.")
    credentials = models.CharField(
        max_length=120, blank=True, help_text="After the name, such as “Orthopedic Clinical Specialist”."
    )
    lead = models.TextField("opening", max_length=300, blank=True, help_text="The first lines of the box under a post.")
    bio = RichTextField(blank=True, features=["bold", "italic", "link"])
    portrait = models.ForeignKey(
        "wagtailimages.Image", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="author",
        help_text="The account with which this person signs in.",
    )

    panels = [
        TitleFieldPanel("name", placeholder="Name"),
        FieldPanel("slug"),
        FieldPanel("credentials"),
        FieldPanel("lead"),
        FieldPanel("bio"),
        FieldPanel("portrait"),
        FieldPanel("user"),
    ]
    search_fields = [index.SearchField("name"), index.AutocompleteField("name")]

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("blog:author", args=[self.slug])
