"""Which question of the help each page about leads and mail raises: `(document, anchor)` by the name of its view."""

AFTER_A_CALL = ("staff", "what-do-i-press-after-a-call")
NEWSLETTER = ("editors", "how-do-i-write-a-newsletter")
SENDING = ("editors", "how-do-i-send-a-newsletter")
STOPPING = ("editors", "how-do-i-stop-a-newsletter")
SEQUENCE = ("editors", "how-do-i-change-the-health-tips")
ARRIVED = ("staff", "did-our-mail-arrive")
DATA = ("staff", "somebody-wants-their-data-or-to-be-erased")
PRIVACY = ("staff", "somebody-asks-about-their-data")
ANSWERING = ("privacy", "somebody-asks-about-their-data-what-do-we-do")
RETENTION = ("privacy", "what-goes-by-itself-and-when")

HELP: dict[str, tuple[str, str]] = {
    "leads_inbox": ("staff", "who-do-i-call-first"),
    "leads_all": ("staff", "how-do-i-find-somebody"),
    "leads_search": ("staff", "how-do-i-find-somebody"),
    "lead_call": ("staff", "somebody-phones-where-do-i-write-it-down"),
    "lead": ("staff", "what-stands-on-a-card"),
    **dict.fromkeys(["lead_attempt", "lead_plan", "lead_book", "lead_visit", "lead_close", "lead_note"], AFTER_A_CALL),
    "lead_claim": ("staff", "two-of-us-one-lead"),
    "lead_owner": ("staff", "two-of-us-one-lead"),
    "lead_delay": ("staff", "what-is-a-promise"),
    "lead_health": ("staff", "how-do-i-open-health-answers-and-who-sees-that-i-did"),
    "spam": ("staff", "it-is-spam-or-not"),
    "merge_choice": ("staff", "two-cards-one-person"),
    "merge": ("staff", "two-cards-one-person"),
    **dict.fromkeys(["lead_export", "lead_erase", "erasures"], DATA),
    **dict.fromkeys(["privacy_request_add", "lead_privacy"], PRIVACY),
    **dict.fromkeys(["privacy_requests", "privacy_request"], ANSWERING),
    **dict.fromkeys(["retention", "lead_hold"], RETENTION),
    "leads_export": ("staff", "how-do-i-get-a-list-of-leads"),
    **dict.fromkeys(["mail", "mail_inspect", "mail_action", "lead_mail"], ARRIVED),
    "mail_health": ("staff", "nothing-was-sent-for-10-minutes"),
    **dict.fromkeys(["issues", "issue_add", "issue_edit"], NEWSLETTER),
    "issue": SENDING,
    "issue_send": SENDING,
    "issue_delete": STOPPING,
    **dict.fromkeys(["sequences", "sequence", "sequence_draft", "step_add", "step_edit"], SEQUENCE),
    "what_works": ("editors", "what-works"),
    **dict.fromkeys(["tips", "tip_inspect"], ("editors", "who-reviews-the-health-tips")),
}
