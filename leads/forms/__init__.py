from .assessment import AssessmentForm
from .mail import GuideForm, NewsletterForm, WorkshopForm
from .preferences import ChangeRequestForm, PreferencesForm

__all__ = ["AssessmentForm", "ChangeRequestForm", "GuideForm", "NewsletterForm", "PreferencesForm", "WorkshopForm"]
