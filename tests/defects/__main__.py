"""Prints the table: each defect, and the test that caught it. Ends with 1 when one was not caught or no longer applies."""

import sys
import time

from . import NoLongerApplies, caught_by, defects, first_failure, scratch


def main(wanted: list[str]) -> int:
    chosen = [each for each in defects() if not wanted or any(word in each.name for word in wanted)]
    if not chosen:
        print("No defect has such a name. There are:", *(each.name for each in defects()), sep="\n    ")
        return 1
    with scratch() as root:
        # Without a defect nothing may fail, or "caught" would mean nothing.
        for of_the_device in (False, True):
            tests = tuple(
                dict.fromkeys(test for each in chosen if each.of_the_device == of_the_device for test in each.tests)
            )
            if tests and (failed := first_failure(tests, root, of_the_device=of_the_device)):
                print(f"Nothing is seeded yet, and {failed} fails already.")
                return 1

        missed = 0
        for each in chosen:
            began = time.monotonic()
            try:
                by = caught_by(each, root)
            except NoLongerApplies as error:
                by = ""
                print(error)
            missed += not by
            print(
                f"{each.words}\n    {f'✓ {by}' if by else '✕ NOT CAUGHT'}   ({time.monotonic() - began:.0f} s)",
                flush=True,
            )
    print(f"\n{len(chosen)} defects, {len(chosen) - missed} caught.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
