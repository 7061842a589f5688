from django.http import HttpRequest
from wagtail import hooks
from wagtail.admin import messages
from wagtail.models import Page

from .models import GuideFault, GuidePage


@hooks.register("after_publish_page")
def say_that_the_pdf_is_old(request: HttpRequest, page: Page) -> None:
    fault = GuideFault.objects.filter(guide=page.pk).first() if isinstance(page, GuidePage) else None
    if fault is not None:
        messages.error(
            request, f"The PDF of this guide could not be set: {fault.reason} Readers get the edition before."
        )
