from datetime import datetime, time


def clock_time(moment: datetime | time) -> str:
    """Such as "9:00 am", in the zone that the moment has; no line breaks between the two."""
    return f"{moment:%I:%M}\N{NO-BREAK SPACE}{'am' if moment.hour < 12 else 'pm'}".lstrip("0")
