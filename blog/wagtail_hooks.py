from functools import partial

from wagtail import hooks
from wagtail.admin.auth import user_has_any_page_permission
from wagtail.admin.menu import MenuItem
from wagtail.admin.ui.tables import BaseColumn, DateColumn
from wagtail.admin.views.pages.listing import ExplorableIndexView, IndexView
from wagtail.admin.viewsets.pages import PageListingViewSet, PageViewSet

from .models import Author, BlogPage, Topic
from .sitemaps import ListsSitemap


class ReviewColumn(BaseColumn):
    cell_template_name = "clinic/admin/review_cell.html"


def with_review(columns: list) -> list:
    """The review in the place of the type, which is the same for every post; on a phone, no date of the last change."""
    updated = DateColumn(
        "latest_revision_created_at",
        label="Updated",
        sort_key="latest_revision_created_at",
        width="12%",
        classname="clinic-wide-only",
    )
    review = ReviewColumn("review", label="Clinical review", sort_key="next_review_on", width="14%")
    shown = {column.name: column for column in columns}
    return [shown["bulk_actions"], shown["title"], updated, review, shown["status"]]


class PostViewSet(PageViewSet):
    """What the explorer shows below the list of posts."""

    model = BlogPage
    columns = with_review(ExplorableIndexView.base_columns)
    list_filter = ["topic", "author"]


class PostsMenuItem(MenuItem):
    def is_shown(self, request):
        return user_has_any_page_permission(request.user)


class PostListingViewSet(PageListingViewSet):
    """All posts, one click away in the menu."""

    model = BlogPage
    icon = "doc-full"
    menu_label = "Posts"
    menu_order = 110
    add_to_admin_menu = True
    menu_item_class = PostsMenuItem
    columns = with_review(IndexView.base_columns)
    list_filter = ["topic", "author"]


@hooks.register("register_sitemaps")
def sitemaps():
    return {"topics": partial(ListsSitemap, Topic), "authors": partial(ListsSitemap, Author)}


@hooks.register("register_admin_viewset")
def post_listings():
    return [PostViewSet(), PostListingViewSet("posts")]
