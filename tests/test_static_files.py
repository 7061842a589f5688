"""One style sheet and one script for readers, a file for each component for us."""

import re
import shutil
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.storage import StaticFilesStorage

from clinic.storage import BundledStaticFilesStorage
from deploy.prepare import give_to_the_edge

OF_THE_ADMIN = ("admin", "block-preview", "passkey", "sign-in")  # what their names begin with


@pytest.fixture
def sources(tmp_path):
    folder = tmp_path / "source"
    for name, text in {
        "css/site.css": '@import "tokens.css";\n@import "card.css";\n',
        "css/tokens.css": ":root {}\n",
        "css/card.css": ".card {}\n",
        "js/site.js": 'import "./one.js";\nimport "./two.js";\n',
        "js/one.js": "const same = 1;\n",
        "js/two.js": "const same = 2;\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def collect(sources: Path, target: Path) -> BundledStaticFilesStorage:
    origin, storage = StaticFilesStorage(location=sources), BundledStaticFilesStorage(location=target, base_url="/s/")
    paths = {}
    for file in sources.rglob("*.*"):
        name = str(file.relative_to(sources))
        if not storage.exists(name):
            with origin.open(name) as opened:
                storage.save(name, opened)
        paths[name] = (origin, name)
    for _name, _hashed, processed in storage.post_process(paths):
        assert not isinstance(processed, Exception), processed
    return storage


def served(storage: BundledStaticFilesStorage, name: str) -> str:
    """What a browser gets for the address that a page names."""
    with storage.open(storage.url(name).removeprefix("/s/")) as file:
        return file.read().decode()


def test_the_style_sheet_holds_what_it_imports_in_its_order(sources, tmp_path):
    assert served(collect(sources, tmp_path / "out"), "css/site.css") == ":root {}\n.card {}\n"


def test_remarks_stay_in_the_sources(sources, tmp_path):
    (sources / "css/card.css").write_text("/* why\n   so */\n.card {\n  color: red;\n}\n")
    text = served(collect(sources, tmp_path / "out"), "css/site.css")
    assert text == ":root {}\n\n.card {\ncolor: red;\n}\n"


def test_scripts_keep_their_names_to_themselves(sources, tmp_path):
    text = served(collect(sources, tmp_path / "out"), "js/site.js")
    assert text == "{\nconst same = 1;\n}\n{\nconst same = 2;\n}\n"


def test_a_changed_component_reaches_a_bundle_that_was_collected_before(sources, tmp_path):
    collect(sources, tmp_path / "out")
    (sources / "css/card.css").write_text(".card { color: red; }\n")
    assert served(collect(sources, tmp_path / "out"), "css/site.css") == ":root {}\n.card { color: red; }\n"


@pytest.mark.parametrize(("bundle", "folder"), [("css/site.css", "css"), ("js/site.js", "js")])
def test_every_component_is_imported_once(bundle, folder):
    static = Path(settings.BASE_DIR) / "static"
    imported = re.findall(r'import "(?:\./)?([\w-]+\.\w+)";', (static / bundle).read_text())
    files = {file.name for file in (static / folder).iterdir() if not file.name.startswith(OF_THE_ADMIN)}
    assert len(imported) == len(set(imported))
    assert set(imported) == files - {Path(bundle).name}


def test_the_edge_keeps_the_files_of_the_version_before_whose_pages_are_still_read(tmp_path):
    collected, shown = tmp_path / "collected", tmp_path / "shown"
    for version, name in enumerate(("site.111.css", "site.222.css")):
        (collected / "css").mkdir(parents=True)
        (collected / "css" / name).write_text(name)
        (collected / "css/site.css").write_text(f"version {version}")
        give_to_the_edge(collected, shown)
        shutil.rmtree(collected)
    assert {path.name for path in (shown / "css").iterdir()} == {"site.css", "site.111.css", "site.222.css"}
    assert (shown / "css/site.css").read_text() == "version 1"
