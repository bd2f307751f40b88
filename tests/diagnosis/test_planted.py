"""The suites of planted faults, whole: at least nine of ten ill runs named, at most one healthy run in thirty accused."""

import pytest
from diagnosis import first_suite, second_suite


@pytest.mark.evidence
@pytest.mark.parametrize("suite", [first_suite, second_suite], ids=["first", "second"])
def test_planted_faults(suite):
    """Every other run has a recorder, which knows the start; the others are judged by what they came to."""
    missed, ill, other = [], list(suite.ill()), 0
    for number, planted in enumerate(ill):
        names = planted.diagnosis(number % 2 == 0).names
        print(f"{planted.name:40} {planted.expected:26} {', '.join(names) or 'no finding'}")
        missed += [planted.name] if planted.expected not in names else []
        other += len(set(names) - {planted.expected}) > 0
    accused, healthy = [], list(suite.healthy())
    for number, planted in enumerate(healthy):
        names = planted.diagnosis(number % 2 == 0).names
        print(f"{planted.name:66} {', '.join(names) or 'no finding'}")
        accused += [planted.name] if names else []
    print(
        f"named {len(ill) - len(missed)} of {len(ill)}, {other} of them with a further finding; missed: {missed}"
    )
    print(f"accused {len(accused)} of {len(healthy)} healthy runs: {accused}")
    assert min(len(ill), len(healthy)) >= 30
    assert len(missed) <= 0.1 * len(ill)
    assert len(accused) <= len(healthy) / 30
