from datetime import date, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import DatabaseError, models, transaction
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.functional import cached_property
from modelcluster.fields import ParentalKey
from modelcluster.models import ClusterableModel
from phonenumber_field.modelfields import PhoneNumberField
from wagtail.admin.panels import (
    FieldPanel,
    InlinePanel,
    MultiFieldPanel,
    ObjectList,
    TabbedInterface,
)
from wagtail.contrib.settings.models import BaseGenericSetting, register_setting
from wagtail.fields import StreamField

from clinic.blocks import CallToActionBlock
from clinic.error_page import write_error_pages
from clinic.memory import Remembered


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def validate_time_zone(name: str) -> None:
    if name not in available_timezones():
        raise ValidationError(
            "%(name)s is not a time zone, such as America/Los_Angeles.",
            params={"name": name},
        )


@register_setting(icon="home")
class ClinicSettings(BaseGenericSetting, ClusterableModel):
    """All facts of the clinic, in the one place where staff keep them. No template states a fact itself."""

    practice_name = models.CharField(max_length=80)
    tagline = models.CharField(max_length=120, blank=True)
    credentials = models.CharField(max_length=120, blank=True)
    phone = PhoneNumberField(blank=True, help_text="Visitors click it to call.")

    street = models.CharField(
        max_length=120,
        blank=True,
        help_text="Needed before the first mailing, and for search engines. Not shown while it is empty.",
    )
    locality = models.CharField("town", max_length=80, blank=True)
    region = models.CharField("state", max_length=40, blank=True)
    postal_code = models.CharField("ZIP code", max_length=12, blank=True)
    country = models.CharField(max_length=2, default="US", help_text="Two letters, such as US.")
    areas_served = models.TextField(blank=True, help_text="One town a line.")

    time_zone = models.CharField(max_length=40, default="America/Los_Angeles", validators=[validate_time_zone])

    callback_minutes = models.PositiveIntegerField(
        "we call back within (minutes)",
        default=150,
        help_text="Counted while the clinic is open. The thank-you page promises it, and the inbox sorts by it.",
    )
    notices_to = models.EmailField(
        "notices go to", blank=True, help_text="Told that a request arrived; never who sent it or what it says."
    )

    facebook_url = models.URLField("Facebook", blank=True)
    youtube_url = models.URLField("YouTube", blank=True)
    linkedin_url = models.URLField("LinkedIn", blank=True)

    rating_value = models.DecimalField(
        max_digits=2,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(5)],
    )
    rating_count = models.PositiveIntegerField("number of reviews", null=True, blank=True)
    rating_as_of = models.DateField(
        "as of",
        null=True,
        blank=True,
        help_text="The day you looked it up. Without it, the rating is not shown.",
    )
    rating_url = models.URLField("link to the reviews", blank=True)
    rating_max_age_days = models.PositiveIntegerField(
        "hide when older than (days)",
        default=180,
        help_text="A rating that nobody looked up for so long is not shown.",
    )

    red_flags_heading = models.CharField(max_length=80, blank=True)
    red_flags = models.TextField("signs that need urgent care", blank=True, help_text="One sign a line.")
    emergency_advice = models.CharField(max_length=200, blank=True, help_text="What to do then.")

    invitation = models.CharField(
        max_length=120,
        blank=True,
        help_text="Above each article, beside the sign-up for the newsletter.",
    )
    offers = StreamField(
        [("call_to_action", CallToActionBlock())],
        blank=True,
        max_num=4,
        help_text="Shown under every article and on the home page. The first one stands out.",
    )

    footer_note = models.CharField(
        max_length=240, blank=True, help_text="At the foot of every page, such as what the articles cannot replace."
    )

    class Meta:
        verbose_name = "clinic"

    edit_handler = TabbedInterface(
        [
            ObjectList(
                [
                    FieldPanel("practice_name"),
                    FieldPanel("tagline"),
                    FieldPanel("credentials"),
                    FieldPanel("phone"),
                    MultiFieldPanel(
                        [
                            FieldPanel("street"),
                            FieldPanel("locality"),
                            FieldPanel("region"),
                            FieldPanel("postal_code"),
                            FieldPanel("country"),
                        ],
                        heading="Postal address",
                    ),
                    FieldPanel("areas_served"),
                    MultiFieldPanel(
                        [
                            FieldPanel("facebook_url"),
                            FieldPanel("youtube_url"),
                            FieldPanel("linkedin_url"),
                        ],
                        heading="Social networks",
                        help_text="A network without an address is not shown.",
                    ),
                ],
                heading="Clinic",
            ),
            ObjectList(
                [
                    FieldPanel("time_zone"),
                    FieldPanel("callback_minutes"),
                    FieldPanel("notices_to"),
                    InlinePanel("opening_hours", label="Opening time"),
                    InlinePanel("holidays", label="Day closed"),
                ],
                heading="Hours",
            ),
            ObjectList(
                [
                    FieldPanel("red_flags_heading"),
                    FieldPanel("red_flags"),
                    FieldPanel("emergency_advice"),
                    FieldPanel("footer_note"),
                ],
                heading="Safety",
            ),
            ObjectList([FieldPanel("invitation"), FieldPanel("offers")], heading="Offers"),
            ObjectList(
                [
                    FieldPanel("rating_value"),
                    FieldPanel("rating_count"),
                    FieldPanel("rating_as_of"),
                    FieldPanel("rating_url"),
                    FieldPanel("rating_max_age_days"),
                ],
                heading="Rating",
            ),
        ]
    )

    def __str__(self):
        return self.practice_name

    def save(self, *args, **kwargs):
        super().save(*args, **kwargs)
        remembered_clinic.forget()
        # Read anew: what was worked out from the facts as they were still stands in this object.
        transaction.on_commit(lambda: write_error_pages(ClinicSettings.load()), robust=True)

    @classmethod
    def current(cls) -> "ClinicSettings":
        """The facts as of a moment ago, for what is shown; to change them, load the row.

        While the database does not answer: as this process knew them last, and empty where it never knew any.
        """
        try:
            return remembered_clinic()
        except DatabaseError:
            return cls()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @cached_property
    def phone_display(self) -> str:
        return self.phone.as_national if self.phone else ""

    @cached_property
    def phone_uri(self) -> str:
        """A `tel:` address, RFC 3966."""
        return f"tel:{self.phone.as_e164}" if self.phone else ""

    @property
    def areas(self) -> list[str]:
        return lines(self.areas_served)

    @property
    def red_flag_list(self) -> list[str]:
        return lines(self.red_flags)

    @property
    def social_links(self) -> list[tuple[str, str]]:
        """`(name, address)` of each network that has an address."""
        networks = [
            ("Facebook", self.facebook_url),
            ("YouTube", self.youtube_url),
            ("LinkedIn", self.linkedin_url),
        ]
        return [(name, url) for name, url in networks if url]

    @cached_property
    def hours(self) -> list["OpeningHours"]:
        return list(self.opening_hours.all())

    @cached_property
    def days_closed(self) -> set[date]:
        return {holiday.date for holiday in self.holidays.all()}

    @property
    def has_postal_address(self) -> bool:
        return bool(self.street and self.locality and self.region and self.postal_code)

    @property
    def rating_is_shown(self) -> bool:
        if not (self.rating_value and self.rating_count and self.rating_as_of):
            return False
        return timezone.localdate(timezone=self.zone) - self.rating_as_of <= timedelta(days=self.rating_max_age_days)


@Remembered
def remembered_clinic() -> ClinicSettings:
    """With its hours and the days closed, in one query: a form that promises a call may not cost more."""
    hours = OpeningHours.objects.filter(clinic=OuterRef("pk")).order_by("weekday", "opens")
    days = Holiday.objects.filter(clinic=OuterRef("pk")).values("date")
    columns = JSONObject(weekday="weekday", opens="opens", closes="closes")
    read = {"hours_read": ArraySubquery(hours.values(row=columns)), "days_read": ArraySubquery(days)}
    clinic = ClinicSettings.objects.annotate(**read).first()
    if clinic is None:
        return ClinicSettings.load()
    clinic.hours = [
        OpeningHours(
            weekday=row["weekday"], opens=time.fromisoformat(row["opens"]), closes=time.fromisoformat(row["closes"])
        )
        for row in clinic.hours_read
    ]
    clinic.days_closed = set(clinic.days_read)
    return clinic


class OpeningHours(models.Model):
    """A stretch of a weekday in which the clinic answers, in the clinic's time zone."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0
        TUESDAY = 1
        WEDNESDAY = 2
        THURSDAY = 3
        FRIDAY = 4
        SATURDAY = 5
        SUNDAY = 6

    clinic = ParentalKey(ClinicSettings, on_delete=models.CASCADE, related_name="opening_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    opens = models.TimeField()
    closes = models.TimeField()

    class Meta:
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes__gt=models.F("opens")),
                name="opening_hours_close_after_they_open",
                violation_error_message="The closing time must be after the opening time.",
            )
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.opens:%H:%M}–{self.closes:%H:%M}"


class Holiday(models.Model):
    """A day on which the clinic is closed whatever the weekday says."""

    clinic = ParentalKey(ClinicSettings, on_delete=models.CASCADE, related_name="holidays")
    date = models.DateField()
    name = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["date"]
        constraints = [models.UniqueConstraint(fields=["clinic", "date"], name="one_holiday_a_day")]

    def __str__(self):
        return f"{self.date} {self.name}".strip()
