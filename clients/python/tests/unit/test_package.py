"""The package as it is installed."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

KIT = Path(__file__).parents[2]


def test_the_wheel_holds_every_module_and_says_that_it_is_typed(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=KIT, check=True, capture_output=True, timeout=60)
    [wheel] = tmp_path.glob("*.whl")
    packed = {name for name in ZipFile(wheel).namelist() if name.startswith("qisma/")}
    ours = {f"qisma/{path.name}" for path in (KIT / "src/qisma").iterdir() if path.is_file()}
    assert packed == ours
    assert "qisma/py.typed" in packed
