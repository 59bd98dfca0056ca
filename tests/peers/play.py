"""`make peers`, but for `make deploy-local`: groups of clients that nobody here wrote, on the embedded stack.

play.py                  every group: the folders of tests/peers/groups
play.py GROUP [WORDS]    one group; with WORDS, its checks up to the last whose sentence contains them

A group is a folder. All of its files are optional but for the checks:

    check_*.py                        its checks (checks.py); each is given the running LocalWorld (local_world.py)
    group.py                          `before(world)` starts what the stack needs and returns options of poolkeeper-local
    requirements.txt, .lock           Python packages of the checks, in a venv of the group's own
    package.json, package-lock.json   npm packages of its programs
    debian.lock                       Debian packages, unpacked into target/tools/<group>-debian

Each group has one run of the stack. The last line is `N passed, N failed`; the exit status is 0 if none failed.
"""

import importlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import traceback

import checks
from local_world import GROUPS, ROOT, LocalWorld
from processes import Failed

SUM = re.compile(r"(\d+) passed, (\d+) failed")


def main() -> int:
    if sys.argv[1:2] == ["--installed"]:
        return play(sys.argv[2], " ".join(sys.argv[3:]))
    known = sorted(folder.name for folder in GROUPS.iterdir() if any(folder.glob("check_*.py")))
    named = sys.argv[1:2] or known
    if not set(named) <= set(known):
        print(f"no group {named[0]}; there are: {', '.join(known)}")
        return 2
    passed = failed = 0
    for group in named:
        print(f"== peers: {group}", flush=True)
        of_group = start(group, sys.argv[2:])
        passed, failed = passed + of_group[0], failed + of_group[1]
    if len(named) > 1:
        print(f"== peers: all groups\n{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


def start(group: str, words: list[str]) -> tuple[int, int]:
    """Installs a group and plays it in the Python of its own; returns how many checks passed and failed."""
    try:
        python = install(group)
    except subprocess.CalledProcessError:
        print(f"FAIL  {group} cannot be installed", flush=True)
        return 0, 1
    command = [python, __file__, "--installed", group, *words]
    # Profiles, keys, CA bundles and proxies of whoever runs this are for elsewhere.
    ours = {n: v for n, v in os.environ.items() if not n.startswith("AWS_") and not n.lower().endswith("_proxy")}
    ours |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=ours) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line
    summed = SUM.fullmatch(last.strip())
    return (int(summed[1]), int(summed[2])) if summed else (0, 1)


def install(group: str) -> str:
    """Installs what the group's locks pin; returns the Python that its checks run in."""
    folder, python = GROUPS / group, sys.executable
    if (folder / "debian.lock").exists():
        installed("debian", f"{group}-debian", folder / "debian.lock")
    if (folder / "package-lock.json").exists():
        installed("npm", folder.relative_to(ROOT))
    if (folder / "requirements.lock").exists():
        python = f"{installed('venv', group, folder / 'requirements.lock')}/python"
    return python


def installed(*arguments) -> str:
    command = [ROOT / "tools/install.sh", *arguments]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def play(group: str, words: str) -> int:
    """The group's checks, on a stack that is started before and ended after them."""
    sys.path.insert(0, str(GROUPS / group))
    for file in sorted((GROUPS / group).glob("check_*.py")):
        importlib.import_module(file.stem)
    functions = checks.chosen(words)
    if not functions:
        print(f"no check's sentence contains {words!r}; the sentences:", *map(checks.sentence, checks.CHECKS), sep="\n  ")
        return 2
    started = time.monotonic()
    work = pathlib.Path(tempfile.mkdtemp(prefix=f"poolkeeper-{group}-"))
    world = LocalWorld(work, GROUPS / group)
    try:
        options = importlib.import_module("group").before(world) if (GROUPS / group / "group.py").exists() else []
        world.start(*options)
        passed, failed = checks.play(world, functions)
    except Failed as failure:
        print(f"FAIL  {failure}")
        passed, failed = 0, 1
    except Exception:
        traceback.print_exc(file=sys.stdout)
        passed, failed = 0, 1
    finally:
        world.end()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{time.monotonic() - started:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
