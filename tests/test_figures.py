import re
from math import radians, tan
from pathlib import Path

import pytest
import typst
from django.template import Context, Template

from clinic.figures import FIGURES
from content.figures import body, draw, motion, poses, scene
from content.figures.drawings import DRAWINGS

ROOT = Path(__file__).resolve().parent.parent
ON_PAGES = "".join(path.read_text() for path in (ROOT / "templates/figures/drawings").iterdir())
GUIDE_PLATE = 424  # points: letter paper in guide.typ without its margins and the plate's
TOKENS = (ROOT / "static/css/tokens.css").read_text()


def render(name):
    return Template("{% load figure_tags %}{% figure name %}").render(Context({"name": name}))


def light(token):
    return re.search(rf"--{token}: (#[0-9a-f]{{6}});", TOKENS)[1]


def test_every_drawn_file_is_what_the_generator_writes_now():
    stale = [path.name for path, text in draw.files() if not path.exists() or path.read_text() != text]
    assert stale == [], "run `python -m content.figures.draw`"


def test_a_drawing_is_there_with_its_page_and_waits_for_no_other_file():
    assert "<path" in ON_PAGES
    assert not re.search(r"href|url\(|<image", ON_PAGES)


def test_drawings_take_their_colours_from_the_pages_tokens():
    painted = set(re.findall(r"var\(--([\w-]+)\)", ON_PAGES))
    assert painted
    assert painted <= set(re.findall(r"--([\w-]+):", TOKENS))
    assert not re.search(r'(fill|stroke)="#', ON_PAGES)


def test_standalone_pictures_have_the_pages_light_colours():
    assert {name: light(name) for name in scene.COLOURS} == scene.COLOURS
    assert light("poster") == light("plate")


@pytest.mark.parametrize("name", FIGURES)
def test_a_standalone_picture_needs_no_style_sheet_and_no_other_file(name):
    text = (ROOT / "static" / FIGURES[name].picture).read_text()
    assert f"<title>{FIGURES[name].alt}</title>" in text
    assert "var(" not in text
    assert "href" not in text
    assert " class=" not in text


@pytest.mark.parametrize("name", FIGURES)
def test_a_standalone_picture_goes_into_a_pdf(name):
    source = f'#image("/static/{FIGURES[name].picture}", alt: "A figure")'.encode()
    assert typst.compile(source, root=str(ROOT), format="pdf").startswith(b"%PDF")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_shows_every_view_with_its_caption(name):
    html = render(name)
    for view in FIGURES[name].views:
        assert f"figure__drawing--{view.drawing}" in html
        assert view.title in html
        assert view.text in html


@pytest.mark.parametrize("name", [name for name in FIGURES if name != "supine-hero"])
def test_every_view_in_an_article_is_described_for_those_who_cannot_see_it(name):
    html = render(name)
    assert html.count('role="img" aria-label="') == len(FIGURES[name].views)
    assert all(view.alt for view in FIGURES[name].views)


def test_the_drawing_of_the_home_page_is_decoration():
    assert 'aria-hidden="true"' in render("supine-hero")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_obeys_the_security_policy_and_may_stand_on_a_page_twice(name):
    html = render(name)
    assert " style=" not in html
    assert " id=" not in html


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_that_moves_can_be_paused_and_one_that_does_not_has_nothing_to_pause(name):
    assert ("Pause the drawing" in render(name)) is FIGURES[name].moves


def test_nothing_moves_on_paper_or_for_those_who_asked_for_less_motion():
    css = (ROOT / "static/css/figure.css").read_text()
    still, moving = css.split("@media screen and (prefers-reduced-motion: no-preference)")
    assert "animation" not in still
    assert "animation" in moving


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_can_be_included_by_its_name(name):
    included = Template(f'{{% include "figures/{name}.html" %}}').render(Context())
    assert included.strip() == render(name).strip()


def test_a_figure_that_no_longer_exists_draws_nothing():
    assert render("headstand").strip() == ""


def test_every_drawing_belongs_to_a_figure():
    shown = {view.drawing for figure in FIGURES.values() for view in figure.views}
    assert shown == {drawing.name for drawing in DRAWINGS}


def test_the_knees_move_one_inch_and_three_inches_to_scale():
    rules = "\n".join(motion.sway())
    for joint, height in (("front-shins", body.ANKLES), ("front-thighs", body.HIPS)):
        rule = re.search(rf"figure__{joint} {{(.*)}}", rules)[1]
        leans = [float(angle) for angle in re.findall(r"skewX\(([-\d.]+)deg\)", rule)]
        moved = [-tan(radians(lean)) * (body.KNEES - height) for lean in leans]
        assert moved == pytest.approx([10, -10, 30, -30], abs=0.1)


def test_both_views_of_the_lying_person_have_their_knees_at_one_height():
    thigh, _ = poses.reach((0, 0), (213, 18), body.THIGH, body.SHIN, -1)
    knee = poses.turn((0, body.THIGH), thigh)
    assert poses.LYING_FLOOR - knee[1] == pytest.approx(body.KNEES, abs=1)


def test_the_walk_is_level_and_brings_both_feet_to_the_ground_in_turn():
    heights = [poses.hip_height(step) for step in range(motion.STEPS)]
    assert max(heights) - min(heights) < 15
    stands = [poses.sole(step) >= poses.sole(step + motion.STEPS // 2) for step in range(motion.STEPS)]
    assert stands[1:4] == [True] * 3
    assert stands[5:8] == [False] * 3


def test_the_seated_poses_start_where_the_pose_before_them_ends():
    def turns(name, kind):
        rules = [rule for rule in motion.seated() if f"seated-{name} " in rule]
        return {
            re.search(r"figure__(\w+) {", rule)[1]: re.search(rf"--{kind}: ([-\d.]+)deg", rule)[1] for rule in rules
        }

    for name, before in poses.BEFORE.items():
        assert turns(name, "before") == turns(before, "turn")
        assert turns(name, "turn") != turns(before, "turn")


def test_the_style_sheet_turns_every_joint_that_the_page_leaves_to_it():
    def joints(nodes):
        for node in nodes:
            if isinstance(node, scene.Group):
                if node.joint and node.angle:
                    yield node.joint, node.angle
                yield from joints(node.children)

    rules = (ROOT / "static/css/figure-motion.css").read_text().partition("@keyframes")[0]
    for drawing in DRAWINGS:
        for joint, angle in joints(drawing.children):
            turned = re.findall(rf"(?:--{drawing.name}|__near|__far) \.figure__{joint} {{ [\w-]+: ([-\d.]+)deg", rules)
            assert min(abs(float(turn) - angle) for turn in turned) <= 0.06, (drawing.name, joint)


def test_the_ruler_can_be_read_where_the_drawing_is_as_wide_as_the_text_of_a_guide():
    text = (ROOT / "static" / FIGURES["supine-rotation"].picture).read_text()
    width, letters = (int(re.search(rf'{name}="(\d+)"', text)[1]) for name in ("width", "font-size"))
    assert letters * GUIDE_PLATE / width >= 8
