"""Writes shared/src/phone/countries.txt: which beginnings of phone numbers belong to which country.

`make phone-countries`. A new table: raise the versions in tools/phone-countries.lock, run it, review the difference like
code. It then compares the table with what the library itself says of its example numbers.
"""

import importlib.metadata
import itertools
from pathlib import Path

import regex
from phonenumbers import PhoneMetadata, PhoneNumberType, phonenumberutil

TABLE = Path(__file__).parent.parent / "shared/src/phone/countries.txt"
PACKAGE = "phonenumberslite"

HEADER = """\
# The beginnings of the phone numbers of each country, behind its ISO 3166-1 code; 001 is numbers of no country. Made by
# tools/phone-countries.py from {package} {version} (PyPI), which is the metadata of Google's libphonenumber, Copyright
# the Libphonenumber Authors, Apache License 2.0. The longest beginning that fits decides; do not edit.
"""

# Digits behind the calling code that are looked at. Deeper, the first country in the library's order has the number.
DEEPEST = 7
WIDTH = 120
# What the library takes a number's type from.
KINDS = (
    "premium_rate toll_free shared_cost voip personal_number pager uan voicemail fixed_line mobile".split()
)


def ways(metadata: PhoneMetadata, national: str) -> set[str]:
    """By which patterns a number that begins so may be this country's, as region_code_for_number asks for them."""
    leading = metadata.leading_digits
    if leading is not None:
        match = regex.match(leading, national, partial=True)
        fits = match is not None and (not match.partial or match.end() == len(national))
        return {f"leading {leading}"} if fits else set()
    patterns = [getattr(metadata, kind) for kind in KINDS]
    patterns = {kind.national_number_pattern for kind in patterns if kind and kind.national_number_pattern}
    return {pattern for pattern in patterns if regex.fullmatch(pattern, national, partial=True)}


def beginnings(code: str, countries: list[str], national: str = "") -> dict[str, str]:
    """The country of each beginning under `code` and `national`, as few as tell them apart."""
    if len(countries) == 1:
        return {code + national: countries[0]}
    metadata = {
        country: PhoneMetadata.metadata_for_region_or_calling_code(int(code), country) for country in countries
    }
    patterns = {country: ways(metadata[country], national) for country in countries}
    left = [country for country in countries if patterns[country]]
    if not left:
        return {}
    # Whatever another of them may have, the first has too.
    if len(national) == DEEPEST or all(patterns[country] <= patterns[left[0]] for country in left):
        return {code + national: left[0]}
    below = [beginnings(code, left, national + digit) for digit in "0123456789"]
    found = dict(itertools.chain.from_iterable(part.items() for part in below))
    if national and len(set(found.values())) == 1:
        return {code + national: next(iter(found.values()))}
    return found


def check(table: dict[str, str]) -> None:
    """Compares with the library, by its example number of each country and kind."""
    compared = 0
    kinds = [getattr(PhoneNumberType, name) for name in dir(PhoneNumberType) if name.isupper()]
    kinds = [kind for kind in kinds if isinstance(kind, int)]
    for country in sorted(phonenumberutil.SUPPORTED_REGIONS):
        for kind in kinds:
            number = phonenumberutil.example_number_for_type(country, kind)
            if number is None:
                continue
            digits = phonenumberutil.format_number(number, phonenumberutil.PhoneNumberFormat.E164)[1:]
            fits = [digits[:end] for end in range(1, len(digits)) if digits[:end] in table]
            told = table[fits[-1]] if fits else None
            expected = phonenumberutil.region_code_for_number(number)
            if told != expected:
                raise SystemExit(f"{digits}: {told} in the table, {expected} by the library")
            compared += 1
    print(f"{compared} numbers compared with the library")


def main() -> None:
    """Writes the table."""
    table: dict[str, str] = {}
    for code, countries in phonenumberutil.COUNTRY_CODE_TO_REGION_CODE.items():
        table |= beginnings(str(code), list(countries))
    check(table)
    lines = []
    for country in sorted(set(table.values())):
        line = country
        for beginning in sorted(begins for begins, of in table.items() if of == country):
            if len(line) + 1 + len(beginning) > WIDTH:
                lines.append(line)
                line = country
            line += f" {beginning}"
        lines.append(line)
    version = importlib.metadata.version(PACKAGE)
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(HEADER.format(package=PACKAGE, version=version) + "\n".join(lines) + "\n")
    print(f"{TABLE.name}: {len(table)} beginnings of {PACKAGE} {version}, {TABLE.stat().st_size} octets")


if __name__ == "__main__":
    main()
