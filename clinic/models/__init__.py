from .base import BasePage, PublishedQuerySet, StoryPage, tabs
from .pages import HomePage, StandardPage
from .review import ClinicallyReviewed
from .settings import ClinicSettings, Holiday, OpeningHours
from .user import User

__all__ = [
    "BasePage",
    "ClinicSettings",
    "ClinicallyReviewed",
    "Holiday",
    "HomePage",
    "OpeningHours",
    "PublishedQuerySet",
    "StandardPage",
    "StoryPage",
    "User",
    "tabs",
]
