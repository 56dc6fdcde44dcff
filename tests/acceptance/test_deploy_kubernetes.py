"""The manifests under ``deploy/kubernetes/``: they fit together, are hardened, and what is in them is valid."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from runner.preparing.prepare import AnyEnvironment, prepare
from runner.settings.settings import load_settings
from tests.acceptance.real import needs
from tests.acceptance.test_deploy_services import STOP_S

MANIFESTS = Path(__file__).parents[2] / "deploy" / "kubernetes"


@pytest.mark.real
@pytest.mark.parametrize("version", ["1.28", "1.37"])
def test_kubernetes_own_schemas_take_the_manifests_and_no_unknown_key(version: str, tmp_path: Path) -> None:
    command = needs("HOLDFAST_KUBERNETES_VALIDATE", "kubernetes-validate")
    words = [command, "--strict", "-k", version]
    taken = subprocess.run([*words, str(MANIFESTS / "holdfast.yaml")], capture_output=True, text=True, check=False)
    assert taken.returncode == 0, taken.stdout + taken.stderr
    assert taken.stderr.count("passed for resource") + taken.stdout.count("passed for resource") == 4
    misspelt = tmp_path / "misspelt.yaml"
    text = (MANIFESTS / "holdfast.yaml").read_text(encoding="utf-8")
    misspelt.write_text(text.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"), encoding="utf-8")
    refused = subprocess.run([*words, str(misspelt)], capture_output=True, text=True, check=False)
    assert refused.returncode != 0, "the check can fail"


def manifests() -> dict[str, dict[str, Any]]:
    """All manifests, by kind."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted(MANIFESTS.glob("*.yaml")):
        for manifest in YAML(typ="safe").load_all(path.read_text(encoding="utf-8")):
            assert manifest["kind"] not in found
            assert {"apiVersion", "metadata", "kind"} <= manifest.keys()
            found[manifest["kind"]] = manifest
    return found


def pod() -> dict[str, Any]:
    """The pod of the deployment."""
    spec: dict[str, Any] = manifests()["Deployment"]["spec"]["template"]["spec"]
    return spec


def container() -> dict[str, Any]:
    """Its only container."""
    (only,) = pod()["containers"]
    found: dict[str, Any] = only
    return found


def test_there_is_one_daemon_a_store_even_while_a_new_one_is_rolled_out() -> None:
    deployment = manifests()["Deployment"]["spec"]
    assert deployment["replicas"] == 1
    assert deployment["strategy"] == {"type": "Recreate"}
    assert pod()["terminationGracePeriodSeconds"] >= STOP_S


def test_the_pod_meets_the_restricted_standard_on_a_read_only_root() -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards/, "restricted"."""
    whole, own = pod()["securityContext"], container()["securityContext"]
    assert whole["runAsNonRoot"] is True and whole["runAsUser"] > 0
    assert whole["seccompProfile"] == {"type": "RuntimeDefault"}
    assert own == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["automountServiceAccountToken"] is False
    assert {"hostNetwork", "hostPID", "hostIPC"} & pod().keys() == set()
    assert {"requests", "limits"} <= container()["resources"].keys()
    assert not container()["image"].endswith(":latest")


def test_the_probes_run_the_health_check_of_the_image_within_its_time() -> None:
    asked = {kind: container()[kind] for kind in ("startupProbe", "livenessProbe", "readinessProbe")}
    commands = {kind: probe["exec"]["command"] for kind, probe in asked.items()}
    assert {tuple(command[:2]) for command in commands.values()} == {("python", "/opt/holdfast/healthcheck.py")}
    assert commands["livenessProbe"][2:] == ["/healthz", "--alive"]
    assert commands["startupProbe"][2:] == ["/healthz", "--alive"], "a trouble that no restart mends ends no pod"
    assert commands["readinessProbe"][2:] == ["/readyz"]
    assert all(probe["timeoutSeconds"] >= 5 for probe in asked.values())


def test_what_the_manifests_name_exists_among_them() -> None:
    kinds = manifests()
    volumes = {volume["name"]: volume for volume in pod()["volumes"]}
    assert {mount["name"] for mount in container()["volumeMounts"]} == volumes.keys()
    assert volumes["config"]["configMap"]["name"] == kinds["ConfigMap"]["metadata"]["name"]
    assert volumes["store"]["persistentVolumeClaim"]["claimName"] == kinds["PersistentVolumeClaim"]["metadata"]["name"]
    labels = kinds["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert kinds["Deployment"]["spec"]["selector"]["matchLabels"] == labels
    assert kinds["Service"]["spec"]["selector"] == labels
    monitor = kinds["ServiceMonitor"]["spec"]
    assert monitor["selector"]["matchLabels"] == kinds["Service"]["metadata"]["labels"]
    ports = {port["name"] for port in kinds["Service"]["spec"]["ports"]}
    assert {entry["port"] for entry in monitor["endpoints"]} <= ports
    (secret,) = (entry["secretRef"]["name"] for entry in container()["envFrom"])
    assert monitor["endpoints"][0]["authorization"]["credentials"]["name"] == secret


def test_the_settings_and_the_suite_of_the_config_map_are_valid_and_their_secrets_are_told(tmp_path: Path) -> None:
    files = manifests()["ConfigMap"]["data"]
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", "".join(files.values())), "abcdef-abcdef-abcdef")
    loaded = load_settings(tmp_path / "holdfast.yaml", environ, tmp_path)
    suite = prepare(tmp_path / "support-bot.yaml", AnyEnvironment(), frozenset(loaded.notifiers)).suite
    assert suite.probes and suite.alerts
    ports = {port["containerPort"] for port in container()["ports"]}
    assert ports == {loaded.settings.listen_port}
    head = (MANIFESTS / "holdfast.yaml").read_text(encoding="utf-8").partition("apiVersion")[0]
    assert set(re.findall(r"--from-literal=(\w+)", head)) == environ.keys()
