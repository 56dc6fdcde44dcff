"""Options that several commands share, with one wording each."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from probes.errors import UsageError

Suites = Annotated[list[Path], typer.Argument(help="Suite files, or folders of them.", show_default=False)]
Suite = Annotated[Path, typer.Argument(help="The suite file, or the name of a stored suite.", show_default=False)]
Endpoint = Annotated[
    list[str] | None, typer.Option("--endpoint", help="Ask this endpoint of the suite; repeat for several.")
]
OneEndpoint = Annotated[str | None, typer.Option("--endpoint", help="The endpoint; default: the first monitored.")]
Probes = Annotated[list[str] | None, typer.Option("--probe", help="Ask only this probe; repeat for several.")]
Labels = Annotated[
    list[str] | None, typer.Option("--label", metavar="KEY=VALUE", help="Ask only probes with this label.")
]
Samples = Annotated[int | None, typer.Option("--samples", min=1, max=1000, help="Ask each probe this often in a run.")]
Rounds = Annotated[int, typer.Option("--rounds", min=1, max=100_000, help="Make this many runs, one after the other.")]
Store = Annotated[
    str | None,
    typer.Option("--store", metavar="URL", help="sqlite:///PATH or a path; default .holdfast/holdfast.db."),
]
Config = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings; default holdfast.yaml beside the suite.")
]
Format = Annotated[str, typer.Option("--format", metavar="text|json|junit|markdown", help="How to print the result.")]
Output = Annotated[Path | None, typer.Option("--output", metavar="FILE", help="Write the result here, not to stdout.")]
ReportDir = Annotated[Path | None, typer.Option("--report", metavar="DIR", help="Also write an HTML report here.")]
Push = Annotated[
    str | None,
    typer.Option("--pushgateway", metavar="URL", help="Push the runs' metrics to this Prometheus pushgateway."),
]
NoAlerts = Annotated[bool, typer.Option("--no-alerts", help="Decide and send no alerts.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 1 on degraded, too.")]
Author = Annotated[str | None, typer.Option("--author", help="Who decides; default HOLDFAST_AUTHOR or the login name.")]
Reason = Annotated[str | None, typer.Option("--reason", help="Why, for whoever reads this later.")]


def labels_of(pairs: list[str] | None) -> dict[str, str]:
    """``KEY=VALUE`` options as a mapping.

    Raises:
        UsageError: an entry has no ``=``.
    """
    wanted: dict[str, str] = {}
    for pair in pairs or []:
        key, sign, value = pair.partition("=")
        if not sign or not key:
            raise UsageError(f"--label takes KEY=VALUE, not {pair!r}")
        wanted[key] = value
    return wanted
