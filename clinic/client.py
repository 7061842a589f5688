"""From where a request comes."""

from ipaddress import IPv4Address, IPv6Address, ip_address

from django.http import HttpRequest

Address = IPv4Address | IPv6Address


def forwarded_address(request: HttpRequest) -> Address | None:
    """The client's own; None where nobody tells.

    Whoever connects from a private network is our own proxy: what it wrote last into `X-Forwarded-For` counts. From
    anywhere else, that header is hearsay.
    """
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
        if address.is_private:
            address = ip_address(request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip())
    except ValueError:
        return None
    return address


def nearest_address(request: HttpRequest) -> Address | None:
    """The client's own, or of whoever connects where no proxy stands in between. None behind a proxy that is silent."""
    if "X-Forwarded-For" in request.headers:
        return forwarded_address(request)
    try:
        return ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return None
