from django.utils.functional import SimpleLazyObject

from .menu import Menu
from .models import ClinicSettings


def site(request) -> dict:
    """What every template may show: the `clinic`'s facts and the `menu`. Read once a request, and only if shown."""
    return {
        "clinic": SimpleLazyObject(lambda: ClinicSettings.load(request_or_site=request)),
        "menu": Menu(request),
    }
