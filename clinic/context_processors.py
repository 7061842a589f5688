from django.utils.functional import SimpleLazyObject

from .menu import Menu
from .models import ClinicSettings


def site(request) -> dict:
    """What every template may show: the `clinic`'s facts and the `menu`. Read only if shown."""
    return {"clinic": SimpleLazyObject(ClinicSettings.current), "menu": Menu(request.path)}
