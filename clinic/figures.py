"""The drawn figures: what an editor can choose, and the words that go with each drawing.

content/figures draws them; templates/figures holds the drawings.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class View:
    """One drawing of a figure, and the caption below it."""

    drawing: str
    alt: str = ""
    title: str = ""
    text: str = ""

    @property
    def template(self) -> str:
        return f"figures/drawings/{self.drawing}.html"


@dataclass(frozen=True)
class Figure:
    """A figure of one or more views. `alt` tells the whole of it, where it is shown as one picture: feeds, PDF."""

    name: str
    label: str
    alt: str
    views: tuple[View, ...]
    moves: bool = False

    @property
    def picture(self) -> str:
        """The static file of the figure as one picture in the light colours."""
        return f"img/figures/{self.name}.svg"


_FIGURES = (
    Figure(
        name="supine-hero",
        label="Lying on the back, knees bent (home page)",
        alt="A person lies on the back on a wooden floor, knees bent and feet flat, one hand resting on the belly.",
        views=(View("supine-hero"),),
        moves=True,
    ),
    Figure(
        name="supine-rotation",
        label="Supine Caudal Rotation, from the side and from the feet",
        alt=(
            "A person lies on the back with knees bent and feet flat, seen from the side and from the feet. "
            "A ruler above the knees marks 1 inch and 3 inches to each side."
        ),
        views=(
            View(
                "supine-side",
                alt="Seen from the side: a person lies on the back on the floor, knees bent and feet flat.",
                title="a. From the side",
                text="Knees bent, feet flat. The line is your spine, and the dot is your low back.",
            ),
            View(
                "supine-feet",
                alt=(
                    "Seen from the feet: both knees move together from side to side below a ruler, 1 inch to each "
                    "side, later 3 inches. The feet stay where they are."
                ),
                title="b. From your feet, to scale",
                text="The dotted line is 1 inch, where you start. The dashed line is 3 inches. Never go past it.",
            ),
        ),
        moves=True,
    ),
    Figure(
        name="seated-pelvic-tilts",
        label="Seated Pelvic Tilts, in three poses",
        alt=(
            "A person on a flat chair in three poses: rounded forward from head to tailbone, sitting up tall, and with "
            "the chest lifted and the eyes forward."
        ),
        views=(
            View(
                "seated-round",
                alt="A person on a flat chair, rounded forward from head to tailbone.",
                title="1. Round",
                text="Curl forward slowly, from your head all the way to your tailbone.",
            ),
            View(
                "seated-tall",
                alt="The same person sitting up tall, with the head over the hips.",
                title="2. Sit up tall",
                text="Come back up until your back is long.",
            ),
            View(
                "seated-lift",
                alt="The same person with the chest lifted, a hollow in the low back, and the eyes looking forward.",
                title="3. Lift",
                text="Lift your chest toward the ceiling. Head neutral, eyes forward, so your neck is not strained.",
            ),
        ),
        moves=True,
    ),
    Figure(
        name="sitting-well",
        label="Sitting with a rolled towel behind the low back",
        alt="A person sits tall on a chair, feet flat, a rolled towel between the low back and the backrest.",
        views=(
            View(
                "sitting-well",
                alt="A person sits tall on a chair, feet flat, a rolled towel between the low back and the backrest.",
                title="Sitting with support",
                text="Feet flat, hips all the way back, and a rolled towel in the hollow of your low back.",
            ),
        ),
    ),
    Figure(
        name="walking",
        label="Walking",
        alt="A person walks at an easy pace, arms swinging.",
        views=(
            View(
                "walking",
                alt="A person walks at an easy pace, seen from the side, arms swinging.",
                title="An easy walk",
                text="Stand tall and let your arms swing. Each step turns your low back a little.",
            ),
        ),
        moves=True,
    ),
    Figure(
        name="hip-hinge",
        label="Bending from the hips",
        alt="A person bends forward from the hips, knees soft, back long, hands gliding down the thighs.",
        views=(
            View(
                "hip-hinge",
                alt="A person bends forward from the hips, knees soft, back long, hands gliding down the thighs.",
                title="Bending from the hips",
                text="The hips go back, the chest comes forward, and your back stays long.",
            ),
        ),
    ),
    Figure(
        name="lying-knees-supported",
        label="Resting on the back, a pillow under the knees",
        alt="A person rests on the back with a pillow under the knees and a low pillow under the head.",
        views=(
            View(
                "lying-knees-supported",
                alt="A person rests on the back, a pillow under the knees and a low one under the head.",
                title="Knees supported",
                text="A pillow under your knees lets your low back settle.",
            ),
        ),
    ),
)

FIGURES: dict[str, Figure] = {figure.name: figure for figure in _FIGURES}
