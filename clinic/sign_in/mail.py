from wagtail import hooks


def write_to_staff(*, user, about):
    """Owe somebody on the staff a mail about signing in: `password` (a link to choose a new one), or `factor` (their
    second factor changed). The hook of that name belongs to whoever keeps the ledger of mail."""
    for owe in hooks.get_hooks("write_to_staff"):
        owe(user=user, about=about)
