"""A list of promises, each a function whose name is its sentence."""

import time
import traceback

CHECKS = []


def check(function):
    """Adds a check; they run in the order in which they are written."""
    CHECKS.append(function)
    return function


def sentence(function) -> str:
    return function.__name__.replace("_s_", "'s ").replace("_", " ")


def chosen(words: str) -> list:
    """The checks up to the last whose sentence contains `words`: a check uses what those before it made. None, if no
    sentence contains them."""
    named = [index for index, function in enumerate(CHECKS) if words in sentence(function)]
    return CHECKS[: named[-1] + 1] if named else []


def play(world, functions: list) -> tuple[int, int]:
    """Runs these checks; returns how many passed and how many failed."""
    passed = failed = 0
    for function in functions:
        started = time.monotonic()
        try:
            function(world)
        except Exception as error:
            failed += 1
            print(f"FAIL  {sentence(function)}", flush=True)
            line = traceback.extract_tb(error.__traceback__)[-1]
            what = str(error) or f"{type(error).__name__} at {line.name}: {line.line}"
            print("\n".join(f"      {text}" for text in what.splitlines()), flush=True)
        else:
            passed += 1
            slow = time.monotonic() - started
            print(f"ok    {sentence(function)}{f' ({slow:.1f} s)' if slow > 1 else ''}", flush=True)
    return passed, failed


def equal(found, wanted):
    assert found == wanted, f"found  {found!r}\nwanted {wanted!r}"


def refused(call) -> tuple[str, str]:
    """Code and message with which boto3 reports that a call failed."""
    try:
        answer = call()
    except Exception as error:
        response = getattr(error, "response", None)
        if not response:
            raise
        return response["Error"]["Code"], response["Error"]["Message"]
    raise AssertionError(f"it was not refused: {answer!r}")
