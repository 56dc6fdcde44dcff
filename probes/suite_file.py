"""One YAML file to one Suite, or every problem in it with file, line and column. Feeds the runner and ``validate``.

The order matters: YAML to plain values, ``${NAME}`` and ``{file: PATH}`` under ``endpoints``, ``like``, certificates,
cases spread out to probes, templates, attached files, rules across parts, and only then the models, whose complaints
are dropped where an earlier step has already told what is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pydantic import BaseModel, ValidationError

from probes.alert_faults import alert_faults
from probes.attachments import Attaching
from probes.credentials import credential_faults, secrets_by_endpoint
from probes.data_file import DataFiles
from probes.environment import Expansion, expand
from probes.errors import InputError, Problem, SuiteError
from probes.files_beside import FileId
from probes.like import ENDPOINTS, Likeness, origin, resolve_likes
from probes.positions import Document, Fault, Positions, YamlPath, in_file_order
from probes.rendering import with_rendered
from probes.secret_files import FILE, SecretFiles, read_secret_files
from probes.suite import Suite
from probes.suite_rules import cross_faults, label_faults
from probes.text_file import read_text
from probes.unfolded import Unfolded
from probes.unfolding import Unfolding
from probes.validation import faults_of
from probes.yaml_reader import read_document


class Found(Protocol):
    """Something wrong at a path of a suite, found after loading."""

    @property
    def path(self) -> YamlPath: ...
    @property
    def message(self) -> str: ...
    @property
    def hint(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSuite:
    """A suite with where everything in it stands, and what in it must never be shown."""

    suite: Suite = field(repr=False)
    positions: Positions = field(repr=False)
    file: str
    secrets: frozenset[str] = field(repr=False)
    """Values from the environment and from files that went into endpoints (API keys among them), for redaction."""
    likes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """By endpoint: itself and what it is like, nearest first."""
    unfolded: Unfolded = Unfolded(probes=())
    """Where the cases of probes were written."""

    def problem(self, path: YamlPath, message: str, hint: str = "") -> Problem:
        """A problem at a path of the suite, for what is found after loading (unknown checks, bad arguments)."""
        written = self.unfolded.origin(tuple(path))
        line, column = self.positions.find(origin(written, self.positions, self.likes))
        return Problem(file=self.file, line=line, column=column, message=message, hint=hint)

    def problems(self, found: Iterable[Found]) -> list[Problem]:
        """Problems at paths of the suite; what many cases of one probe have in common is told once."""
        faults = [Fault(path=tuple(one.path), message=one.message, hint=one.hint) for one in found]
        told = self.unfolded.told(faults)
        places = [self.positions.find(origin(fault.path, self.positions, self.likes)) for fault in told]
        return [
            Problem(file=self.file, line=line, column=column, message=fault.message, hint=fault.hint)
            for fault, (line, column) in zip(told, places, strict=True)
        ]


def load_suite(
    text: str, file: str, environ: Mapping[str, str], *, folder: Path | None = None, secrets_at_hand: bool = True
) -> LoadedSuite:
    """Make a suite of YAML text.

    Args:
        text: The YAML.
        file: The file's name, for problems.
        environ: Where ``${NAME}`` is looked up.
        folder: Where relative paths in the suite start, and what its attachments may not leave; left out, the working
            folder.
        secrets_at_hand: False where nothing will be sent: files of keys and certificates, and those sent along with
            questions, need not exist then.

    Raises:
        SuiteError: with every problem found, in file order.
    """
    folder = folder or Path()
    document = read_document(text, file, SuiteError)
    written = document.data.get(ENDPOINTS)
    expansion = expand(written, environ, (ENDPOINTS,))
    keys = read_secret_files(expansion.value, (ENDPOINTS,), folder=folder, at_hand=secrets_at_hand)
    faults = [*document.faults, *_credential_faults(written, expansion, keys)]
    likeness = _likeness(keys.endpoints)
    faults += likeness.faults
    endpoints, key_files = likeness.endpoints, keys.files
    if secrets_at_hand and _needs_checking(endpoints):
        endpoints, more_files, more = _certified(document, likeness, folder)
        key_files |= more_files
        faults += more
    unfolded = _unfolded(document, DataFiles(folder=folder, secret_files=key_files), at_hand=secrets_at_hand)
    probes, template_faults = with_rendered(unfolded)
    attaching = Attaching(folder=folder, secret_files=key_files, at_hand=secrets_at_hand)
    probes = attaching.probes(probes)
    faults += [*unfolded.faults, *unfolded.told([*template_faults, *attaching.faults])]
    replaced = {ENDPOINTS: endpoints, "probes": probes}
    values = {**document.data, **{key: value for key, value in replaced.items() if key in document.data}}
    faults += [*cross_faults(document.data, document.positions), *label_faults(values), *alert_faults(values)]
    suite = _validated(values, document, likeness, unfolded, faults)
    secrets = secrets_by_endpoint(expansion, keys.secrets)
    suite = _knowing(suite, secrets, likeness)
    return LoadedSuite(
        suite=suite,
        positions=document.positions,
        file=file,
        secrets=frozenset().union(*secrets.values()) | _keys_of(suite),
        likes=likeness.chains,
        unfolded=unfolded,
    )


def read_suite(path: Path, environ: Mapping[str, str], *, secrets_at_hand: bool = True) -> LoadedSuite:
    """``load_suite`` of a file on disk; relative paths in it start at its own folder.

    Raises:
        SuiteError: the file cannot be read, or has problems.
    """
    text = read_text(path, SuiteError)
    return load_suite(text, str(path), environ, folder=path.parent, secrets_at_hand=secrets_at_hand)


def _credential_faults(written: object, expansion: Expansion, keys: SecretFiles) -> Iterator[Fault]:
    """What is wrong with secrets; an unset variable is told once, not also as what follows from it."""
    unset = {fault.path for fault in expansion.faults}
    yield from expansion.faults
    yield from (fault for fault in keys.faults if not unset & {fault.path, (*fault.path, FILE)})
    told = credential_faults(written, keys.endpoints, (ENDPOINTS,))
    yield from (fault for fault in told if fault.path not in unset)


def _needs_checking(endpoints: object) -> bool:
    """True where an endpoint has a proxy, certificates or tokens: most have none, and TLS is slow to import."""
    each = endpoints.values() if isinstance(endpoints, Mapping) else ()
    return any(isinstance(one, Mapping) and {"proxy", "tls", "oauth2"} & set(one) for one in each)


def _certified(document: Document, likeness: Likeness, folder: Path) -> tuple[Any, frozenset[FileId], list[Fault]]:
    """Endpoints with the paths of their certificates made whole, the files behind these, and what is wrong."""
    from probes.certificates import Certifying

    certifying = Certifying(folder=folder)
    endpoints = certifying.endpoints(likeness.endpoints, (ENDPOINTS,))
    faults = [
        replace(fault, path=origin(fault.path, document.positions, likeness.chains)) for fault in certifying.faults
    ]
    return endpoints, frozenset(certifying.files), faults


def _knowing(suite: Suite, secrets: Mapping[str, frozenset[str]], likeness: Likeness) -> Suite:
    """The suite with endpoints that know what of them came from the environment, what they are like included."""
    endpoints = {
        name: endpoint.knowing(frozenset().union(*(secrets.get(one, ()) for one in likeness.chains[name])))
        for name, endpoint in suite.endpoints.items()
    }
    return suite.model_copy(update={ENDPOINTS: endpoints})


def read_mapping(path: Path, error: type[InputError]) -> Document:
    """Any YAML mapping on disk, with positions: how settings are read.

    Raises:
        InputError: (the given class) the file cannot be read, or is faulty as YAML.
    """
    document = read_document(read_text(path, error), str(path), error)
    if document.faults:
        raise error(in_file_order(document.problem(fault) for fault in document.faults))
    return document


def expand_environment(
    document: Document, environ: Mapping[str, str]
) -> tuple[dict[str, Any], frozenset[str], list[Problem]]:
    """A document's values with every ``${NAME}`` replaced, the values that were put in, and what is wrong."""
    expansion = expand(document.data, environ)
    secrets = frozenset().union(*expansion.used.values())
    return expansion.value, secrets, in_file_order(document.problem(fault) for fault in expansion.faults)


def problems_of(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Problem]:
    """What pydantic found wrong with a document, in plain words. Values from the environment are never quoted."""
    faults = faults_of(error, model, document.data, document.data)
    return in_file_order(document.problem(fault) for fault in faults)


def _likeness(endpoints: object) -> Likeness:
    if not isinstance(endpoints, dict):  # the models say what is wrong with it
        return Likeness(endpoints=endpoints, chains={})  # type: ignore[arg-type]
    return resolve_likes(endpoints)


def _unfolded(document: Document, files: DataFiles, *, at_hand: bool) -> Unfolded:
    """The probes with their cases spread out; most suites have none."""
    probes = document.data.get("probes")
    return Unfolding(files=files, positions=document.positions, at_hand=at_hand).unfold(probes)


def _validated(
    values: object, document: Document, likeness: Likeness, unfolded: Unfolded, faults: list[Fault]
) -> Suite:
    def where(path: YamlPath) -> YamlPath:
        return origin(unfolded.origin(path), document.positions, likeness.chains)

    try:
        suite = Suite.model_validate(values, by_alias=True, by_name=False)
    except ValidationError as error:
        told = _told(faults)
        more = unfolded.once(faults_of(error, Suite, values, document.data, where))
        # from None: pydantic's error holds its inputs, keys from the environment among them
        raise _refusal(document, [*faults, *(fault for fault in more if fault.path not in told)]) from None
    if faults:
        raise _refusal(document, faults)
    return suite


def _told(faults: Iterable[Fault]) -> set[YamlPath]:
    """Paths of which something is already known to be wrong.

    A mapping with a key that could not be used, and an endpoint whose ``like`` leads nowhere, are among them: what
    the models then find missing there is only the consequence.
    """
    paths = {fault.path for fault in faults}
    unusable = {path[:-1] for path in paths if path and str(path[-1]).startswith("\0")}
    return paths | unusable | {path[:2] for path in paths if path[:1] == (ENDPOINTS,) and path[2:] == ("like",)}


def _refusal(document: Document, faults: Iterable[Fault]) -> SuiteError:
    return SuiteError(in_file_order(document.problem(fault) for fault in faults))


def _keys_of(suite: Suite) -> frozenset[str]:
    keys = (endpoint.api_key.get_secret_value() for endpoint in suite.endpoints.values() if endpoint.api_key)
    return frozenset(key for key in keys if key)
