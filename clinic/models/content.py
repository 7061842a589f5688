from django.db import models


class LoadedContent(models.Model):
    """What `load_content` last wrote for one file, so that it can tell its own words from those of staff.

    A row whose object is gone means that staff deleted it: the file is not loaded again.
    """

    source = models.CharField(max_length=200, unique=True)  # such as posts/a-stiff-morning.toml
    object_id = models.PositiveBigIntegerField()
    digests = models.JSONField(default=dict)  # field name: SHA-256 of the value that was written
    loaded_at = models.DateTimeField(auto_now=True)

    def __str__(self):
        return self.source
