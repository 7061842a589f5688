"""The blocks that editors build a page from. Each has a template of the same name under templates/blocks/."""

from urllib.parse import parse_qs, urlsplit

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.text import slugify
from wagtail import blocks
from wagtail.images.blocks import ImageBlock

from clinic.figures import FIGURES


def figure_choices() -> list[tuple[str, str]]:
    return [(name, figure.label) for name, figure in FIGURES.items()]


PROSE = ["h3", "bold", "italic", "ol", "ul", "link", "document-link"]
PLAIN_PROSE = ["bold", "italic", "ol", "ul", "link"]


class HeadingValue(blocks.StructValue):
    @property
    def anchor_id(self) -> str:
        """What a link to this heading names, such as `what-to-avoid`."""
        return slugify(self.get("anchor") or self["text"]) or "section"


class HeadingBlock(blocks.StructBlock):
    text = blocks.CharBlock(max_length=120)
    anchor = blocks.CharBlock(
        required=False,
        max_length=60,
        search_index=False,
        help_text="The end of a link to this place. Made from the heading when empty; set it once a link is out.",
    )

    class Meta:
        icon = "title"
        label = "Heading"
        template = "blocks/heading.html"
        value_class = HeadingValue
        description = "Opens a section. It stands in the list of contents."
        preview_value = {"text": "What should you avoid?", "anchor": ""}


class TextBlock(blocks.RichTextBlock):
    class Meta:
        icon = "pilcrow"
        label = "Text"
        template = "blocks/text.html"
        description = "Paragraphs, lists and small headings."
        preview_value = "<p>Go for a walk, outside or on a treadmill. <b>Each step</b> moves your back a little.</p>"


class KeyPointsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=80, default="Key points")
    points = blocks.ListBlock(blocks.CharBlock(max_length=240), min_num=1, max_num=6)

    class Meta:
        icon = "tick-inverse"
        label = "Key points"
        template = "blocks/key_points.html"
        description = "What a reader in a hurry takes away. The first one on a page moves to its top."
        preview_value = {
            "heading": "Key points",
            "points": [
                "Keep it gentle, slow and free of pain.",
                "Start small, and stay in the middle.",
            ],
        }


class TermBlock(blocks.StructBlock):
    term = blocks.CharBlock(max_length=60)
    meaning = blocks.TextBlock(max_length=400, rows=2)


class TermsBlock(blocks.StructBlock):
    terms = blocks.ListBlock(TermBlock(), min_num=1)

    class Meta:
        icon = "openquote"
        label = "Words explained"
        template = "blocks/terms.html"
        description = "Words and what each of them means, one under the other."
        preview_value = {"terms": [{"term": "Gentle", "meaning": "Slowly, feeling how your body answers."}]}


class PictureBlock(blocks.StructBlock):
    image = ImageBlock()
    caption = blocks.CharBlock(required=False, max_length=240)

    class Meta:
        icon = "image"
        label = "Picture"
        template = "blocks/picture.html"
        description = "A photo or a drawing with its caption. Say what it shows, for those who cannot see it."
        preview_template = "blocks/picture_preview.html"


class DoseBlock(blocks.StructBlock):
    label = blocks.CharBlock(max_length=40, help_text="Such as “Start with”.")
    value = blocks.CharBlock(max_length=60, help_text="Such as “1 inch”.")

    def get_searchable_content(self, value):
        return [f"{value['label']}: {value['value']}"]


class ExerciseBlock(blocks.StructBlock):
    number = blocks.IntegerBlock(min_value=1, max_value=20)
    name = blocks.CharBlock(max_length=80)
    position = blocks.CharBlock(required=False, max_length=120, help_text="How you lie, sit or stand.")
    figure = blocks.ChoiceBlock(choices=figure_choices, required=False, search_index=False)
    dose = blocks.ListBlock(DoseBlock(), max_num=4, help_text="How far, how often, how fast: as facts.")
    steps = blocks.ListBlock(blocks.CharBlock(max_length=300), min_num=1)
    limit = blocks.CharBlock(required=False, max_length=200, help_text="What never to go beyond.")
    safety = blocks.CharBlock(required=False, max_length=200, help_text="When to stop.")

    class Meta:
        icon = "clipboard-list"
        label = "Exercise"
        template = "blocks/exercise.html"
        description = "An exercise with its drawing, its dose and its steps. Prints as a sheet for the patient."
        preview_value = {
            "number": 1,
            "name": "Supine Caudal Rotation",
            "position": "On your back, knees bent",
            "figure": "supine-rotation",
            "dose": [
                {"label": "Start with", "value": "1 inch"},
                {"label": "Work up to", "value": "3 inches"},
            ],
            "steps": [
                "Lie on your back with your knees bent.",
                "Move both knees very slowly to one side.",
            ],
            "limit": "Never more than 3 inches.",
            "safety": "If it hurts, make it smaller or stop.",
        }


class SafetyNoteBlock(blocks.StructBlock):
    level = blocks.ChoiceBlock(
        choices=[
            ("note", "Good to know"),
            ("caution", "Take care"),
            ("urgent", "Get care now"),
        ],
        default="caution",
        search_index=False,
    )
    heading = blocks.CharBlock(max_length=80)
    text = blocks.RichTextBlock(features=PLAIN_PROSE)

    class Meta:
        icon = "warning"
        label = "Safety note"
        template = "blocks/safety_note.html"
        description = "Something a reader must not miss, in one of three levels."
        preview_value = {
            "level": "caution",
            "heading": "Stay pain-free",
            "text": "<p>If it hurts, make the movement smaller. If it still hurts, stop.</p>",
        }


class RedFlagsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(
        required=False,
        max_length=80,
        help_text="Instead of the heading in the clinic's settings.",
    )
    introduction = blocks.CharBlock(required=False, max_length=240)

    class Meta:
        icon = "warning"
        label = "Red flags"
        template = "blocks/red_flags.html"
        description = "The signs that need urgent care, from the clinic's settings. Every page with advice has them."
        preview_value = {"heading": "", "introduction": ""}


class PatientStoryBlock(blocks.StructBlock):
    headline = blocks.CharBlock(max_length=160)
    text = blocks.RichTextBlock(features=PLAIN_PROSE)
    note = blocks.CharBlock(
        required=False,
        max_length=200,
        help_text="Under the story: that one person's way is not everyone's.",
    )

    class Meta:
        icon = "user"
        label = "Patient's story"
        template = "blocks/patient_story.html"
        description = "What happened to one patient, told only with that patient's consent."
        preview_value = {
            "headline": "She could lift her daughter again.",
            "text": "<p>Within a few weeks the root cause was found.</p>",
            "note": "One patient's story. Your back and your plan will be your own.",
        }


class QuestionBlock(blocks.StructBlock):
    question = blocks.CharBlock(max_length=160)
    answer = blocks.RichTextBlock(features=PLAIN_PROSE)


class QuestionsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(required=False, max_length=80)
    questions = blocks.ListBlock(QuestionBlock(), min_num=1)

    class Meta:
        icon = "help"
        label = "Questions and answers"
        template = "blocks/questions.html"
        description = "Questions that open to their answers. Search engines are told about them too."
        preview_value = {
            "heading": "Questions we hear",
            "questions": [
                {
                    "question": "Is an office chair all right?",
                    "answer": "<p>A flat seat is better.</p>",
                }
            ],
        }


def player_address(url: str) -> str:
    """The address that plays a YouTube or Vimeo video without cookies; "" for any other address."""
    parts = urlsplit(url)
    path = [piece for piece in parts.path.split("/") if piece]
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.")
    video = ""
    if host == "youtube.com" and path[:1] == ["watch"]:
        video = parse_qs(parts.query).get("v", [""])[0]
    elif host == "youtube.com" and path[:1] in (["embed"], ["shorts"]) and len(path) == 2:
        video = path[1]
    elif host == "youtu.be" and len(path) == 1:
        video = path[0]
    elif host == "vimeo.com" and len(path) == 1 and path[0].isdigit():
        return f"https://player.vimeo.com/video/{path[0]}?dnt=1"
    if video and all(character.isalnum() or character in "-_" for character in video):
        return f"https://www.youtube-nocookie.com/embed/{video}"
    return ""


class VideoValue(blocks.StructValue):
    @cached_property
    def player_url(self) -> str:
        return player_address(self.get("url") or "")


class VideoBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=120)
    url = blocks.URLBlock(label="Address", help_text="Of the video on YouTube or Vimeo.")
    poster = ImageBlock(required=False)
    description = blocks.TextBlock(
        required=False,
        rows=3,
        help_text="What is said and shown, for those who do not play it.",
    )

    def clean(self, value):
        cleaned = super().clean(value)
        if not player_address(cleaned["url"]):
            raise blocks.StructBlockValidationError(
                {"url": ValidationError("Give the address of a video on YouTube or Vimeo.")}
            )
        return cleaned

    class Meta:
        icon = "media"
        label = "Video"
        template = "blocks/video.html"
        value_class = VideoValue
        description = "A video that asks nothing of YouTube or Vimeo until a reader plays it."
        preview_value = {
            "title": "Two stretches for a stiff back",
            "url": "https://vimeo.com/1",
            "description": "What the video shows, in a line or two.",
        }


class CallToActionBlock(blocks.StructBlock):
    kind = blocks.ChoiceBlock(
        choices=[
            ("assessment", "Free assessment"),
            ("guide", "Free guide"),
            ("newsletter", "Newsletter"),
            ("phone", "Phone call"),
            ("workshop", "Workshop"),
        ],
        help_text="Shown once the page that it leads to exists.",
        search_index=False,
    )
    heading = blocks.CharBlock(max_length=120)
    text = blocks.TextBlock(required=False, max_length=300, rows=2)
    button = blocks.CharBlock(max_length=40)

    class Meta:
        icon = "link-external"
        label = "Call to action"
        template = "blocks/call_to_action.html"
        description = "An invitation to do one thing: ask for an assessment, get the guide, call."
        preview_value = {
            "kind": "phone",
            "heading": "Would you rather talk?",
            "text": "We listen, and you decide what comes next.",
            "button": "Call us",
        }


class ContactDetailsBlock(blocks.StructBlock):
    heading = blocks.CharBlock(required=False, max_length=80)

    class Meta:
        icon = "mail"
        label = "Contact details"
        template = "blocks/contact_details.html"
        description = "Phone, address, hours and towns, from the clinic's settings."
        preview_value = {"heading": "Reach the practice"}


class StepBlock(blocks.StructBlock):
    heading = blocks.CharBlock(max_length=80)
    text = blocks.TextBlock(max_length=400, rows=3)

    class Meta:
        icon = "order-down"
        label = "Step"
        description = "One of the steps in which the practice works."
        preview_value = {
            "heading": "First, we listen.",
            "text": "You tell us your story.",
        }


class StoryBlock(blocks.StreamBlock):
    """The body of a page."""

    heading = HeadingBlock(group="Text")
    text = TextBlock(features=PROSE, group="Text")
    key_points = KeyPointsBlock(group="Text")
    terms = TermsBlock(group="Text")
    questions = QuestionsBlock(group="Text")
    patient_story = PatientStoryBlock(group="Text")
    exercise = ExerciseBlock(group="Exercise and safety")
    safety_note = SafetyNoteBlock(group="Exercise and safety")
    red_flags = RedFlagsBlock(group="Exercise and safety")
    picture = PictureBlock(group="Pictures")
    video = VideoBlock(group="Pictures")
    call_to_action = CallToActionBlock(group="What to do next")
    contact_details = ContactDetailsBlock(group="What to do next")

    class Meta:
        block_counts = {"key_points": {"max_num": 1}}
