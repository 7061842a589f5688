from .base import BasePage, PublishedQuerySet, StoryPage, tabs
from .content import LoadedContent
from .pages import HomePage, StandardPage
from .review import ClinicallyReviewed, ClinicalReviewTask, reviewed_page_models
from .role import Role
from .settings import ClinicSettings, Holiday, OpeningHours
from .user import User

__all__ = [
    "BasePage",
    "ClinicSettings",
    "ClinicalReviewTask",
    "ClinicallyReviewed",
    "Holiday",
    "HomePage",
    "LoadedContent",
    "OpeningHours",
    "PublishedQuerySet",
    "Role",
    "StandardPage",
    "StoryPage",
    "User",
    "reviewed_page_models",
    "tabs",
]
