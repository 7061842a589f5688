from .author import Author
from .index import BlogIndexPage
from .post import BlogPage, Pick
from .topic import Topic

__all__ = ["Author", "BlogIndexPage", "BlogPage", "Pick", "Topic"]
