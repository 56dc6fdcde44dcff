"""Settings of one installation: ``holdfast.yaml`` under the environment's ``HOLDFAST_*``, with positioned errors.

Every command works without the file. Feeds ``wiring``, the only place that turns settings into objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError, model_validator

from probes.endpoint import Spend
from probes.errors import SettingsError
from probes.maintenance import Window
from probes.positions import Positions
from probes.suite import Name
from probes.suite_file import expand_environment, problems_of, read_mapping
from probes.text_file import refuse_pipe
from reports.notice import Notifier
from runner.delivery.channels import build_notifiers
from runner.delivery.pacing import Pace, paces
from runner.gateway.push_settings import Pushgateway
from runner.keeping.privacy_settings import Privacy
from runner.settings.public_url import PublicUrl
from runner.settings.sending_parts import for_reading
from runner.settings.watch_settings import Heartbeat, Targets, refuse_windows

DEFAULT_FILE = "holdfast.yaml"
DEFAULT_STORE = ".holdfast/holdfast.db"
DEFAULT_LISTEN = "127.0.0.1:9464"
MOST_PORT = 65_535
SHORTEST_TOKEN = 12
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class SettingsModel(BaseModel):
    """Base of all settings nouns: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, defer_build=True)


def _host_and_port(value: object) -> object:
    port = value.rpartition(":")[2] if isinstance(value, str) else ""
    if not (port.isascii() and port.isdigit() and int(port) <= MOST_PORT and ":" in str(value)):
        raise ValueError(f"{value!r} is not HOST:PORT; write it like {DEFAULT_LISTEN}")
    return value


class Settings(SettingsModel):
    """One installation."""

    store: str | None = None
    suites: str = "."
    """Folder with the suites the daemon runs; relative to the settings file."""
    listen: Annotated[str, BeforeValidator(_host_and_port)] = DEFAULT_LISTEN
    """Where the daemon answers. Off loopback it needs ``listen_token``."""
    listen_token: SecretStr | None = None
    public_url: PublicUrl | None = None
    """Where people reach the daemon's pages, for the links in messages; left out, where it listens."""
    notifiers: Mapping[Name, Mapping[str, Any]] = Field(default_factory=dict, repr=False)
    """By name: a ``type`` of the table of notifiers, and that notifier's own settings, secrets among them."""
    false_alarms_per_year: float = Field(default=1.0, gt=0)
    privacy: Privacy = Privacy()
    spend: Spend = Spend()
    """Most to spend in a day by all suites together. Reaching it stops probing until 00:00 UTC."""
    runs_at_once: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Most runs of the daemon at once, shared fairly between the hosts that are asked."""
    heartbeat: Heartbeat | None = None
    """Whom the daemon tells that it is alive."""
    maintenance: tuple[Window, ...] = ()
    """Maintenance windows of all suites."""
    pushgateway: Pushgateway | None = None
    """Where ``holdfast run`` pushes the metrics of its runs."""
    connectivity: Targets = ()
    """Addresses that are reachable whenever this machine's own network works."""

    @property
    def listen_host(self) -> str:
        """Host part of ``listen``."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def listen_port(self) -> int:
        """Port part of ``listen``."""
        return int(self.listen.rpartition(":")[2])

    @model_validator(mode="after")
    def _token_off_loopback(self) -> Settings:
        token = self.listen_token.get_secret_value().strip() if self.listen_token else None
        if token is not None and len(token) < SHORTEST_TOKEN:
            raise ValueError(f"listen_token is shorter than {SHORTEST_TOKEN} characters")
        if self.listen_host not in LOOPBACK and token is None:
            raise ValueError(f"listen: {self.listen} is reachable from other machines and needs a listen_token")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    """Settings with where they came from and what in them must never be shown."""

    settings: Settings
    folder: Path
    """Relative paths in the settings start here."""
    file: Path | None = None
    """The settings file; None where there is none."""
    notifiers: Mapping[str, Notifier] = field(default_factory=dict)
    """Ready to send, by their names in the settings."""
    paces: Mapping[str, Pace] = field(default_factory=dict)
    """How fast each of them is told."""
    secrets: frozenset[str] = field(default=frozenset(), repr=False)
    from_environment: bool = False
    """True where ``HOLDFAST_STORE`` named the store: a relative path then starts at the working folder."""
    variables: frozenset[str] = frozenset()
    """Variables of the environment that went before the file."""
    positions: Positions = field(default_factory=Positions, repr=False)
    """Where everything in the file stands."""


def load_settings(
    config: Path | None, environ: Mapping[str, str], folder: Path, *, sends: bool = True
) -> LoadedSettings:
    """Read settings from ``config``, else from ``holdfast.yaml`` in ``folder`` where there is one.

    ``HOLDFAST_STORE`` and ``HOLDFAST_SUITES`` in the environment go before the file. ``HOLDFAST_LISTEN`` is the
    daemon's alone: in an image it is set, and asks for a token that no other command needs.

    ``sends`` false: of a command that only reads and writes the store. What takes a variable that is not set, and is
    for sending alone, is left out; a notifier, too.

    Raises:
        SettingsError: the file is missing, unreadable or wrong, with every problem found.
    """
    path = config or folder / DEFAULT_FILE
    if config is None and not path.exists():
        named = bool(environ.get("HOLDFAST_STORE"))
        return LoadedSettings(
            settings=_validated({}, environ), folder=folder, from_environment=named, variables=_variables(environ)
        )
    if config is None:
        refuse_pipe(path, SettingsError)
    document = read_mapping(path, SettingsError)
    if not sends:
        document = for_reading(document, environ)
    values, secrets, problems = expand_environment(document, environ)
    if problems:
        raise SettingsError(problems)
    try:
        settings = _validated(values, environ)
    except ValidationError as error:
        # from None: pydantic's error holds its inputs, secrets among them
        raise SettingsError(problems_of(error, document, Settings)) from None
    refuse_windows(settings.maintenance, document)
    return LoadedSettings(
        settings=settings,
        folder=path.parent,
        file=path,
        notifiers=build_notifiers(settings.notifiers, document),
        paces=paces(settings.notifiers, document),
        secrets=secrets,
        from_environment=bool(environ.get("HOLDFAST_STORE")),
        variables=_variables(environ),
        positions=document.positions,
    )


def _variables(environ: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name in _FROM_ENVIRONMENT.values() if environ.get(name))


def _validated(values: Mapping[str, object], environ: Mapping[str, str]) -> Settings:
    over = {key: environ[name] for key, name in _FROM_ENVIRONMENT.items() if environ.get(name)}
    return Settings.model_validate({**values, **over})


_FROM_ENVIRONMENT = {"store": "HOLDFAST_STORE", "suites": "HOLDFAST_SUITES"}


def store_url(option: str | None, loaded: LoadedSettings) -> str:
    """Where the store is: ``--store``, else ``HOLDFAST_STORE`` or the settings, else the working folder's own."""
    return option or loaded.settings.store or DEFAULT_STORE
