import os
import shutil
import subprocess
import sys

from dev.environment import ROOT


def install(root, **environment):
    return subprocess.run(
        [sys.executable, root / "dev/install.py"],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_broken_download_gets_one_clear_line(tmp_path):
    (tmp_path / "dev").mkdir()
    (tmp_path / "requirements").mkdir()
    shutil.copy(ROOT / "dev/install.py", tmp_path / "dev")
    (tmp_path / "requirements/develop.txt").write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    done = install(tmp_path, **nowhere)
    assert done.returncode == 1
    assert done.stderr.startswith("The packages could not be downloaded")
    assert done.stderr.count("\n") == 1


def test_packages_that_are_installed_cost_no_time(tmp_path):
    for folder in ("dev", "requirements", ".venv"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / "dev/install.py", tmp_path / "dev")
    for lock in (tmp_path / "requirements/develop.txt", tmp_path / ".venv/installed.txt"):
        lock.write_text("six==1.17.0\n")
    done = install(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
