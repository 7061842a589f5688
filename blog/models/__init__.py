from .author import Author
from .index import BlogIndexPage
from .post import BlogPage, Pick
from .search import SearchEntry, SearchWord
from .topic import Topic

__all__ = ["Author", "BlogIndexPage", "BlogPage", "Pick", "SearchEntry", "SearchWord", "Topic"]
