from allauth.account.views import LoginView
from django.http import JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from wagtail.admin.views.account import PasswordResetConfirmView

from .forms import NewPasswordForm
from .middleware import note_presence, seconds_left


class SignInView(LoginView):
    """Whoever may use the admin already is sent on. Somebody without a role may sign in as somebody else."""

    def dispatch(self, request, *args, **kwargs):
        if request.user.has_perm("wagtailadmin.access_admin"):
            return redirect(self.get_authenticated_redirect_url())
        return super().dispatch(request, *args, **kwargs)


class NewPasswordView(PasswordResetConfirmView):
    form_class = NewPasswordForm


@never_cache
@require_http_methods(["GET", "POST"])
def session(request):
    """How many seconds this session has left, 0 for none, and what its forms have to carry now. POST: somebody is here.

    The answer is for the page itself (static/js/admin-session.js); no other site can read it.
    """
    if not request.user.is_authenticated:
        return JsonResponse({"seconds": 0, "token": get_token(request)})
    if request.method == "POST":
        note_presence(request.session)
    return JsonResponse({"seconds": max(0, int(seconds_left(request.session))), "token": get_token(request)})
