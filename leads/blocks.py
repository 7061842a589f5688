"""The blocks that a guide and a workshop are built from, beside those of every page."""

from wagtail import blocks

from clinic.blocks import PLAIN_PROSE, DoseBlock, figure_choices


class TipBlock(blocks.StructBlock):
    title = blocks.CharBlock(max_length=80)
    text = blocks.RichTextBlock(features=PLAIN_PROSE)
    figure = blocks.ChoiceBlock(choices=figure_choices, required=False)
    dose = blocks.ListBlock(DoseBlock(), max_num=4, help_text="How far, how often, how long: as facts.")
    steps = blocks.ListBlock(blocks.CharBlock(max_length=300), help_text="What to do, one step after the other.")
    safety = blocks.CharBlock(required=False, max_length=200, help_text="When to stop, or what not to do.")

    class Meta:
        icon = "list-ol"
        label = "Tip"
        template = "blocks/tip.html"
        description = "One tip of a guide. Its number comes from its place."
        preview_value = {
            "title": "Walk every day",
            "text": "<p>Each step turns your low back a little, first one way and then the other.</p>",
            "figure": "walking",
            "dose": [{"label": "Start with", "value": "5 minutes"}],
            "steps": ["Stand tall.", "Let your arms swing."],
            "safety": "Turn back before you are tired.",
        }


class ChapterBlock(blocks.StructBlock):
    at = blocks.RegexBlock(
        r"\d{1,2}:[0-5]\d",
        label="Starts at",
        help_text="Minutes and seconds, such as 1:05.",
        error_messages={"invalid": "Enter minutes and seconds, such as 1:05."},
    )
    title = blocks.CharBlock(max_length=80)

    class Meta:
        icon = "time"
        label = "Chapter"
        description = "A part of the video that a viewer can go to."
        preview_value = {"at": "0:14", "title": "One inch to each side"}
