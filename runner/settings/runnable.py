"""What settings say that can be read and yet not be run with. Feeds ``holdfast validate``, which opens nothing."""

from __future__ import annotations

from collections.abc import Iterator

from probes.errors import Problem, SettingsError, UsageError
from runner.settings.settings import LoadedSettings
from runner.settings.store_place import store_file


def refuse_unrunnable(loaded: LoadedSettings) -> None:
    """Refuse a store that this version does not know or that no file can be, and a folder of suites that is not there.

    Raises:
        SettingsError: with both, at their places in the file; of the store's address only its scheme is shown.
    """
    if problems := [*_of_store(loaded), *_of_suites(loaded)]:
        raise SettingsError(problems)


def _of_store(loaded: LoadedSettings) -> Iterator[Problem]:
    from runner.store import store_path  # SQLite is loaded where a store is named, and nowhere else
    from runner.store.store_file import no_place

    if (url := loaded.settings.store) is None:
        return
    try:
        store_path(url)
    except UsageError as error:
        yield _problem(loaded, "store", "HOLDFAST_STORE", f"store: {error}")
        return
    path = store_file(None, loaded)
    if path is not None and (why := no_place(path)):
        yield _problem(loaded, "store", "HOLDFAST_STORE", f"store: {path} cannot be made: {why}", "name another file")


def store_notes(loaded: LoadedSettings) -> Iterator[str]:
    """What keeps this user from the store, and perhaps not the user of the daemon, on its machine: no fault."""
    from runner.store.store_file import no_rights

    path = store_file(None, loaded) if loaded.settings.store is not None else None
    if path is not None and (why := no_rights(path)):
        yield f"store: {path} cannot be used as it is here: {why}"


def _of_suites(loaded: LoadedSettings) -> Iterator[Problem]:
    path = loaded.folder / loaded.settings.suites
    if not path.exists():
        told, right = f"suites: {path} is not there", "a folder of suites, or one suite, from the settings file on"
        yield _problem(loaded, "suites", "HOLDFAST_SUITES", told, right)


def _problem(loaded: LoadedSettings, key: str, variable: str, message: str, hint: str = "") -> Problem:
    """At the value in the file, or at the variable that goes before it."""
    named = variable in loaded.variables
    line, column = (0, 0) if named or loaded.file is None else loaded.positions.find((key,))
    file = variable if named else str(loaded.file or loaded.folder)
    return Problem(file=file, line=line, column=column, message=message, hint=hint)
