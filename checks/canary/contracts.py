"""Contracts that a candidate breaks and production keeps: these need no statistics. Feeds the canary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from checks.canary.verdict import BrokenContract
from checks.finding import Finding, Status
from probes.check_spec import CheckSpec
from probes.forms import KOfN

_SHARE_SAMPLES = 5
"""Answers before a share (``80%``, ``any``) can be said to be missed."""


def broken_contracts(
    candidate: Sequence[Finding], production: Sequence[Finding], specs: Sequence[CheckSpec], *, pair: int
) -> Iterator[BrokenContract]:
    """Findings over all answers of one probe so far, both sides; ``specs``: its entries, for their ``require``.

    Broken on both sides is not the candidate's fault, and neither is what production was never held to, or broke
    even once where all must pass.
    """
    kept = {(f.check, f.argument, f.turn) for f in production if f.status is Status.PASS}
    least = {spec.check: _least(spec) for spec in specs}
    for finding in candidate:
        place = (finding.check, finding.argument, finding.turn)
        if finding.mode != "contract" or finding.status is not Status.FAIL or place not in kept:
            continue
        if finding.total >= least.get(finding.check, 1):
            yield BrokenContract(
                probe=finding.probe,
                check=finding.label,
                argument=finding.argument,
                reason=finding.reason,
                pair=pair,
            )


def broken_on_both(
    candidate: Sequence[Finding], production: Sequence[Finding], *, pair: int
) -> Iterator[BrokenContract]:
    """Contracts that neither side keeps: not the candidate's fault, and worth a word."""
    failing = {(f.check, f.argument, f.turn) for f in production if f.status is Status.FAIL}
    for finding in candidate:
        place = (finding.check, finding.argument, finding.turn)
        if finding.mode == "contract" and finding.status is Status.FAIL and place in failing:
            yield BrokenContract(
                probe=finding.probe, check=finding.label, argument=finding.argument, reason=finding.reason, pair=pair
            )


def _least(spec: CheckSpec) -> int:
    if spec.require == "all":
        return 1
    return spec.require.n if isinstance(spec.require, KOfN) else _SHARE_SAMPLES
