"""Column types with a meaning of their own."""

from __future__ import annotations

from typing import Any

from django.db import models


class IdentityNumberField(models.CharField):
    """An identity number (GB 11643), upper case, in clear for now: encryption comes with this type, not with its users."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 18)
        super().__init__(*args, **kwargs)

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.strip().upper() if isinstance(value, str) else value
