"""What search looks things up in.

A trigger keeps both tables (`blog/migrations/0003_search.py`), so that a page is found whatever wrote it: the admin, a
command, a restored copy. Drafts and private pages are in them too; who searches gets the published ones only.
"""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models


class SearchEntry(models.Model):
    """The words of one page, stemmed and weighed: its title A, its summary B, its body D.

    `head` is title and summary alone. It is small enough to lie in the row itself, so that the best of ten thousand
    matches are told apart without unpacking the body of each.
    """

    page = models.OneToOneField("wagtailcore.Page", primary_key=True, on_delete=models.CASCADE, related_name="+")
    head = SearchVectorField()
    whole = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["whole"], name="blog_searchentry_whole")]  # which pages hold these words

    def __str__(self):
        return f"words of page {self.pk}"


class SearchWord(models.Model):
    """A word as some page has it, in small letters and without accents: what a mistyped word may have meant."""

    word = models.CharField(primary_key=True, max_length=40)
    stem = models.CharField(max_length=40)

    class Meta:
        indexes = [
            GinIndex(OpClass("word", name="gin_trgm_ops"), name="blog_searchword_like"),  # words that look like this
            models.Index(fields=["stem"], name="blog_searchword_stem"),  # is this word on any page, in any form?
        ]

    def __str__(self):
        return self.word
