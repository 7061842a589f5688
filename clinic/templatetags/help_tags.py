from django import template

from clinic.help import help_about, help_address

register = template.Library()


@register.simple_tag(takes_context=True)
def help_of_this_page(context) -> str:
    """The address of the help for the page of the admin that is shown; "" where there is none.

    The request is the context's own: some of Wagtail's templates are included without it.
    """
    request = getattr(context, "request", None)
    return help_about(request.resolver_match.view_name) if request and request.resolver_match else ""


@register.inclusion_tag("clinic/admin/help_link.html")
def help_link(document: str, anchor: str, text: str) -> dict[str, str]:
    """A small link beside a question: `{% help_link "staff" "what-is-a-promise" "What we promise" %}`."""
    return {"address": help_address(document, anchor), "text": text}
