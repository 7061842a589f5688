"""The form with which staff add a picture. `WAGTAILIMAGES_IMAGE_FORM_BASE` names it."""

from django.core.exceptions import ValidationError
from PIL import Image
from wagtail.images.fields import WagtailImageField
from wagtail.images.forms import BaseImageForm


class PictureField(WagtailImageField):
    """Takes in only what can be drawn: Wagtail looks at the head of a file, and a broken rest would break a page."""

    def check_image_pixel_size(self, f):
        try:
            super().check_image_pixel_size(f)
            f.seek(0)
            Image.open(f).load()
            f.seek(0)
        except ValidationError:
            raise
        except Exception as error:  # a crafted file makes Pillow's readers raise what it likes
            raise ValidationError(self.error_messages["invalid_image"], code="invalid_image") from error


class PictureForm(BaseImageForm):
    file = PictureField(label="File", widget=BaseImageForm.Meta.widgets["file"])

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "description" in self.fields:
            self.fields["description"].help_text = (
                "What the picture shows, in a sentence, for those who cannot see it. "
                "It is suggested as the alt text wherever the picture is used."
            )
