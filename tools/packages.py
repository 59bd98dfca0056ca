#!/usr/bin/env python3
"""Zips the functions that `cargo lambda build` made, lists their sizes, and holds them to tools/package-sizes.toml.

    packages.py arm64|x86_64

Reads target/lambda-<architecture>/<function>/bootstrap and writes target/lambda-<architecture>/<function>.zip: the same
bytes for the same binary, whatever the day. FEATURES is what the functions were built with, as for tools/build-lambda.sh:
each may weigh what the bounds say of it. Exits 1 if a package is larger than its bound, or there is none at all.
"""

import os
import pathlib
import sys
import tomllib
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def zipped(binary: pathlib.Path) -> pathlib.Path:
    package = binary.parent.with_suffix(".zip")
    entry = zipfile.ZipInfo("bootstrap", date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    # A regular file that everybody may run.
    entry.external_attr = 0o100755 << 16
    with zipfile.ZipFile(package, "w", compresslevel=9) as archive:
        archive.writestr(entry, binary.read_bytes())
    return package


def main(architecture: str) -> int:
    sizes = tomllib.loads((ROOT / "tools/package-sizes.toml").read_text())
    bounds = sizes[architecture]
    more = sum(sizes["features"][feature] for feature in os.environ.get("FEATURES", "").split(",") if feature)
    binaries = sorted((ROOT / f"target/lambda-{architecture}").glob("*/bootstrap"))
    too_large = []
    for binary in binaries:
        name = binary.parent.name
        size, package = binary.stat().st_size, zipped(binary).stat().st_size
        bound = bounds.get(name, bounds["any"]) + more
        print(f"{architecture:7} {name:18} {size:9} bytes, {package:9} zipped, at most {bound}")
        if package > bound:
            too_large.append(name)
    for name in too_large:
        print(f"{name}'s package is larger than tools/package-sizes.toml allows", file=sys.stderr)
    return 1 if too_large or not binaries else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
