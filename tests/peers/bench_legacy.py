"""`make bench-legacy`: what asking each legacy store costs, PostgreSQL and MariaDB of the group legacy-stores included."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

GROUP = pathlib.Path(__file__).resolve().parent / "groups/legacy-stores"


def main() -> int:
    if sys.argv[1:] != ["--installed"]:
        from play import install

        return subprocess.run([install(GROUP.name), __file__, "--installed"]).returncode
    return bench()


def bench() -> int:
    sys.path.insert(0, str(GROUP))
    from databases import SECRETS, MariaDb, PostgreSql
    from local_world import ROOT, LocalWorld

    world = LocalWorld(pathlib.Path(tempfile.mkdtemp(prefix="poolkeeper-bench-")), GROUP)
    try:
        world.work.chmod(0o711)
        said = {"POOLKEEPER_BENCH_PASSWORD": SECRETS[0]}
        for kind in (PostgreSql, MariaDb):
            # Writing each statement into a log would be a good part of what is measured.
            database = kind(world, talks=False)
            database.start()
            said[f"POOLKEEPER_BENCH_{database.engine.upper()}"] = str(database.port)
            said["POOLKEEPER_BENCH_AUTHORITY"] = str(database.authority)
        command = [os.environ.get("CARGO", "cargo"), "bench", "--locked", "--workspace", "--bench", "legacy"]
        return subprocess.run(command, cwd=ROOT, env=os.environ | said).returncode
    finally:
        world.end()
        shutil.rmtree(world.work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
