"""How personal data look to those who need not see them whole."""

STAR = "*"


def id_number(number: str) -> str:
    """An identity number of which only the last four characters show; a short one shows nothing."""
    return STAR * (len(number) - 4) + number[-4:] if len(number) > 8 else STAR * len(number)


def phone(number: str) -> str:
    """138****5678; a landline shows its last three digits, a short number nothing."""
    if len(number) == 11 and number.isdigit() and number.startswith("1"):
        return f"{number[:3]}{STAR * 4}{number[-4:]}"
    return STAR * (len(number) - 3) + number[-3:] if len(number) > 6 else STAR * len(number)


def email(address: str) -> str:
    """c***@example.cn: the first character and the domain; the number of stars says nothing of the length."""
    local, at, domain = address.rpartition("@")
    return f"{local[:1]}{STAR * 3}{at}{domain}" if local else STAR * 3 if address else ""


def name(full: str) -> str:
    """陈*, 陈*诚: the first character, and the last of three or more."""
    if len(full) <= 2:
        return full[:1] + STAR * (len(full) - 1) if len(full) == 2 else STAR * len(full)
    return full[0] + STAR * (len(full) - 2) + full[-1]
