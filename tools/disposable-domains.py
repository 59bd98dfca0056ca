"""Writes policy/disposable-domains.txt from the package that tools/disposable-domains.lock pins.

`make disposable-domains`. A new list: raise the version in the lock, run it, review the difference like code.
"""

import importlib.metadata
from pathlib import Path

from disposable_email_domains import blocklist

LIST = Path(__file__).parent.parent / "policy" / "disposable-domains.txt"
PACKAGE = "disposable-email-domains"

HEADER = """\
# Domains whose addresses anybody can read, or that forward for a few minutes. One a line; those below count too.
# Made by tools/disposable-domains.py from {package} {version} (PyPI, MIT), which is the list of
# https://github.com/disposable-email-domains/disposable-email-domains (CC0). Edit `allow` in the policy, not this.
"""


def parents(domain: str) -> list[str]:
    return [domain.split(".", depth)[depth] for depth in range(1, domain.count(".") + 1)]


def main() -> None:
    domains = sorted(blocklist)
    # A parent listed covers what is below it.
    kept = [domain for domain in domains if not set(parents(domain)) & blocklist]
    version = importlib.metadata.version(PACKAGE)
    header = HEADER.format(package=PACKAGE, version=version)
    LIST.write_text(header + "\n".join(kept) + "\n")
    print(f"{LIST.name}: {len(kept)} domains of {PACKAGE} {version}")


if __name__ == "__main__":
    main()
