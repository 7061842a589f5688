from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo


def next_opening(now: datetime, opens: time, closes: time, zone: ZoneInfo) -> datetime | None:
    """When the daily window opens next, or None while it is open.

    `opens` and `closes` are wall-clock times in `zone`. On the night on which the clock skips an hour, a time that
    does not exist becomes the one an hour later; on the night on which an hour comes twice, its first one counts.
    """
    local = now.astimezone(zone)
    if opens <= local.time() < closes:
        return None
    day = local.date() if local.time() < opens else local.date() + timedelta(days=1)
    opening = datetime.combine(day, opens, tzinfo=zone)
    return opening.astimezone(ZoneInfo("UTC"))
