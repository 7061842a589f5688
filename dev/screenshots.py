"""Takes the pictures of the help for staff anew: `python -m dev.screenshots`, or of some: `… inbox card`.

The site runs as in production on an empty database that is dropped again, with sample people alone in it. Each picture
is a part of a page, in few colours, so that it stays small.
"""

import contextlib
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from dev import environment
from dev.chromium import CHROMIUM
from dev.environment import OWNER, ROOT
from dev.processes import Group, free_port
from dev.run import Mode, python
from dev.services import throwaway

FOLDER = ROOT / "docs/img"
WIDTH = 900
COLOURS = 64
OPTIONS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


@dataclass(frozen=True)
class Picture:
    """A page, how one gets there from it by the names of links, and how much of it is shown."""

    address: str
    links: tuple[str, ...] = ()
    height: int = 640


PICTURES = {
    "inbox": Picture("/admin/leads/", height=900),
    "card": Picture("/admin/leads/", ("Test Lead 015",), 820),
    "merge": Picture("/admin/leads/", ("Test Lead 014", "Merge with another card", "Test Lead 114"), 800),
    "mail-health": Picture("/admin/mail/health/", height=560),
    "newsletter": Picture("/admin/newsletter/", ("One inch a day",), 760),
    "sequence": Picture("/admin/mail/sequences/", ("Health tips",), 640),
}


def main() -> int:
    chosen = sys.argv[1:] or list(PICTURES)
    os.environ.setdefault("PORT", str(free_port()))
    with contextlib.ExitStack() as stack:
        servers = stack.enter_context(Group())
        var_dir = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="clinic-")))
        addresses = stack.enter_context(throwaway(servers))
        env = environment.load(var_dir) | addresses | {"SAMPLE_USER": OWNER}
        for folder in ("log", "mail", "media", "static"):
            (var_dir / folder).mkdir()
        for command in (python("dev.prepare", "static", "database"), python("dev.sample")):
            subprocess.run(command, env=env, cwd=ROOT, check=True)
        site = stack.enter_context(Group())
        Mode().start(site, var_dir, env)
        take(chosen, env)
    return 0


def take(chosen: list[str], env: dict[str, str]) -> None:
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM.path(), args=list(OPTIONS))
        page = browser.new_page(base_url=env["SITE_URL"], reduced_motion="reduce", color_scheme="light")
        page.context.add_cookies([{"name": "wagtail_sidebar_collapsed", "value": "1", "url": env["SITE_URL"]}])
        page.goto("/admin/login/")
        page.get_by_label("User name").fill(OWNER)
        page.get_by_label("Password").fill(env["OWNER_PASSWORD"])
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_url("**/admin/")
        for name in chosen:
            open_page(page, PICTURES[name])
            (FOLDER / f"{name}.png").write_bytes(small(page.screenshot()))
        browser.close()


def open_page(page: Page, picture: Picture) -> None:
    page.set_viewport_size({"width": WIDTH, "height": picture.height})
    page.goto(picture.address)
    for name in picture.links:
        page.get_by_role("main").get_by_role("link", name=name).first.click()
    page.wait_for_load_state("networkidle")


def small(png: bytes) -> bytes:
    picture = Image.open(BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    output = BytesIO()
    picture.save(output, "PNG", optimize=True)
    return output.getvalue()


if __name__ == "__main__":
    sys.exit(main())
