from django.utils.functional import SimpleLazyObject

from .menu import Menu
from .models import current_clinic


def site(request) -> dict:
    """What every template may show: the `clinic`'s facts and the `menu`. Read only if shown."""
    return {"clinic": SimpleLazyObject(current_clinic), "menu": Menu(request.path)}
