"""`deploy/kubernetes`: each object against Kubernetes' own description of it, by the models of its Python client.

What Dagster's chart takes is in the chart alone, which no package of Python has: `helm` checks the values against the
chart's schema when it installs them. Here stand the keys that are used, as the chart has them, and what is handed on
to Kubernetes is checked as Kubernetes takes it.
"""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import dagster as dg
import pytest
import yaml
from dagster._config import process_config
from dagster_k8s import K8sRunLauncher
from dagster_k8s.container_context import K8sContainerContext
from dagster_k8s.job import construct_dagster_k8s_job
from dagster_k8s.models import k8s_model_from_dict, k8s_snake_case_dict
from kubernetes import client

from moss_jamf_pipeline.settings import PROJECT_ROOT, Settings
from tests.deployment.compose import IMAGE, USER

DIRECTORY: Final = PROJECT_ROOT / "deploy" / "kubernetes"
_KINDS: Final = {
    "Namespace": client.V1Namespace,
    "Job": client.V1Job,
    "Deployment": client.V1Deployment,
    "Service": client.V1Service,
    "NetworkPolicy": client.V1NetworkPolicy,
    "ConfigMap": client.V1ConfigMap,
}
# Keys of the chart that take what Kubernetes takes there.
_POD_PARTS: Final[dict[str, Any]] = {
    "resources": client.V1ResourceRequirements,
    "podSecurityContext": client.V1PodSecurityContext,
    "securityContext": client.V1SecurityContext,
    "readinessProbe": client.V1Probe,
    "livenessProbe": client.V1Probe,
    "startupProbe": client.V1Probe,
    "env": client.V1EnvVar,
    "envConfigMaps": client.V1ConfigMapEnvSource,
    "volumes": client.V1Volume,
    "volumeMounts": client.V1VolumeMount,
}
_OWN_KEYS: Final = {
    "dagsterWebserver": {"replicaCount", "image", "service", "workspace", "labels"},
    "dagsterDaemon": {"enabled", "image", "labels"},
    "dagster-user-deployments": {
        *("name", "image", "dagsterApiGrpcArgs", "port", "labels", "includeConfigInLaunchedRuns")
    },
}
_TOP: Final = {
    *("global", "serviceAccount", "dagsterWebserver", "dagsterDaemon", "dagster-user-deployments"),
    *("postgresql", "generatePostgresqlPasswordSecret", "runLauncher", "rabbitmq", "redis"),
    *("flower", "ingress", "telemetry"),
}


def valid(model: type[Any], value: dict[str, Any]) -> Any:
    """An object as Kubernetes takes it; raises if it has a key that this one does not, or lacks one."""
    return k8s_model_from_dict(model, k8s_snake_case_dict(model, value))


def documents() -> Iterator[tuple[str, dict[str, Any]]]:
    """The manifests, by the names of their files."""
    for file in sorted(DIRECTORY.glob("*.yaml")):
        if file.name in ("values.yaml", "dagster.yaml", "workspace.yaml", "kustomization.yaml"):
            continue
        for document in yaml.safe_load_all(file.read_text(encoding="utf-8")):
            yield file.name, document


def values() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DIRECTORY / "values.yaml").read_text(encoding="utf-8"))
    return read


def pod_parts() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the chart makes pods of."""
    chart = values()
    yield "dagsterWebserver", chart["dagsterWebserver"]
    yield "dagsterDaemon", chart["dagsterDaemon"]
    (code,) = chart["dagster-user-deployments"]["deployments"]
    yield "dagster-user-deployments", code


def test_every_manifest_is_what_kubernetes_takes() -> None:
    for file, document in documents():
        valid(_KINDS[document["kind"]], document)
        assert document["metadata"].get("namespace") is None, file
    wrong = dict(documents())["companion.yaml"]
    with pytest.raises(Exception, match="ports_"):
        valid(client.V1Service, {**wrong, "spec": {"ports_": []}})


def test_the_values_are_keys_of_the_chart_and_what_kubernetes_takes() -> None:
    assert set(values()) == _TOP
    for part, given in pod_parts():
        assert set(given) <= _OWN_KEYS[part] | set(_POD_PARTS), part
        for key in set(given) & set(_POD_PARTS):
            value = given[key]
            for each in value if isinstance(value, list) else [value]:
                # The chart's own switch, which it takes out.
                valid(_POD_PARTS[key], {k: v for k, v in each.items() if k != "enabled"})


def test_the_instance_is_the_projects_with_a_pod_for_each_run() -> None:
    here = yaml.safe_load((DIRECTORY / "dagster.yaml").read_text(encoding="utf-8"))
    projects = yaml.safe_load((PROJECT_ROOT / "dagster.yaml").read_text(encoding="utf-8"))
    for own in ("run_launcher", "compute_logs"):
        here.pop(own)
        projects.pop(own, None)
    assert here == projects, (
        "carry the change of dagster.yaml over into deploy/kubernetes/dagster.yaml"
    )


def test_a_run_is_a_pod_without_rights_with_the_secrets_and_the_room_it_needs(
    tmp_path: Path,
) -> None:
    config = yaml.safe_load((DIRECTORY / "dagster.yaml").read_text(encoding="utf-8"))
    launching = config["run_launcher"]["config"]
    launchers: Any = K8sRunLauncher
    checked = process_config(launchers.config_type(), launching)
    assert checked.success, checked.errors
    # The launcher itself, with a cluster that is never asked.
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        "clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        "users: [{name: c, user: {token: none}}]\n"
        "contexts: [{name: c, context: {cluster: c, user: c}}]\n"
    )
    assert checked.value is not None
    given = {**checked.value, "load_incluster_config": False, "kubeconfig_file": str(kubeconfig)}
    launcher = launchers.from_config_value(None, given)
    context = K8sContainerContext.create_for_run(
        dg.DagsterRun(job_name="sync_jamf"), launcher, include_run_tags=True
    )
    job: Any = construct_dagster_k8s_job(
        context.get_k8s_job_config(job_image="moss-jamf:0", run_launcher=launcher),
        args=["dagster", "api", "execute_run"],
        job_name="run",
        user_defined_k8s_config=context.run_k8s_config,
        component="run_worker",
    )
    pod = job.spec.template.spec
    (container,) = pod.containers
    assert pod.security_context.run_as_user == USER
    assert pod.security_context.run_as_non_root
    assert container.security_context.read_only_root_filesystem
    assert container.resources.limits == {"memory": "1Gi"}
    mounts = {mount.mount_path: mount.name for mount in container.volume_mounts}
    assert len(mounts) == len(container.volume_mounts)
    assert {"/tmp", "/opt/dagster/storage"} < set(mounts)
    assert mounts["/run/secrets/moss-jamf"] == "secrets"
    assert {volume.name for volume in pod.volumes} >= set(mounts.values())
    assert job.spec.ttl_seconds_after_finished == 86_400
    assert job.spec.template.metadata.labels["moss-jamf/part"] == "run"


def test_pods_have_no_rights_and_bounds_and_probes() -> None:
    pods: list[tuple[str, dict[str, Any], Any, dict[str, Any]]] = [
        ("chart", part, part.get("podSecurityContext"), part) for _, part in pod_parts()
    ]
    for file, document in documents():
        if document["kind"] in ("Job", "Deployment"):
            spec = document["spec"]["template"]["spec"]
            assert spec["automountServiceAccountToken"] is False
            (container,) = spec["containers"]
            pods.append((file, container, spec["securityContext"], container))
    assert len(pods) == 5
    for where, container, pod, each in pods:
        assert pod["runAsNonRoot"], where
        assert pod["runAsUser"] == USER, where
        assert container["securityContext"]["readOnlyRootFilesystem"], where
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}, where
        assert {"requests", "limits"} <= each["resources"].keys(), where
        if where != "init.yaml":
            assert "startupProbe" in each, where


def test_webserver_and_daemon_have_no_way_into_the_inventory() -> None:
    for part, given in pod_parts():
        (secrets,) = [volume["secret"] for volume in given["volumes"] if "secret" in volume]
        alone = part != "dagster-user-deployments"
        assert ("items" in secrets) == alone, part
        if alone:
            assert [item["key"] for item in secrets["items"]] == ["DAGSTER_PG_URL"]


def test_what_one_file_names_another_one_makes() -> None:
    made = yaml.safe_load((DIRECTORY / "kustomization.yaml").read_text(encoding="utf-8"))
    maps = {each["name"] for each in made["configMapGenerator"]}
    text = "".join(file.read_text(encoding="utf-8") for file in DIRECTORY.glob("*.yaml"))
    for name in ("moss-jamf-instance", "moss-jamf-workspace", "moss-jamf-settings"):
        assert name in maps
        assert text.count(name) > 1
    (server,) = yaml.safe_load((DIRECTORY / "workspace.yaml").read_text())["load_from"]
    (of_image,) = yaml.safe_load((IMAGE / "workspace.yaml").read_text())["load_from"]
    (code,) = values()["dagster-user-deployments"]["deployments"]
    assert server["grpc_server"]["host"] == code["name"]
    assert server["grpc_server"]["port"] == code["port"]
    for same in ("port", "location_name"):
        assert server["grpc_server"][same] == of_image["grpc_server"][same]
    assert {part["labels"]["moss-jamf/part"] for _, part in pod_parts()} == {
        "webserver",
        "daemon",
        "code",
    }
    assert values()["dagsterWebserver"]["image"]["tag"] == made["images"][0]["newTag"]


def test_every_setting_is_one_that_the_project_reads() -> None:
    read = {(field.alias or name).upper() for name, field in Settings.model_fields.items()}
    (literals,) = [
        each["literals"]
        for each in yaml.safe_load((DIRECTORY / "kustomization.yaml").read_text())[
            "configMapGenerator"
        ]
        if "literals" in each
    ]
    assert {literal.partition("=")[0] for literal in literals} <= read
    named = [each["name"] for _, part in pod_parts() for each in part["env"]]
    for _, document in documents():
        for container in (
            document.get("spec", {}).get("template", {}).get("spec", {}).get("containers", ())
        ):
            named += [each["name"] for each in container["env"]]
    assert set(named) <= read | {"DAGSTER_HOME"}


def test_kustomize_renders_it() -> None:
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        pytest.skip("kubectl is not installed")
    rendered = subprocess.run(
        [kubectl, "kustomize", str(DIRECTORY)], check=True, capture_output=True, text=True
    ).stdout
    found = list(yaml.safe_load_all(rendered))
    for document in found:
        valid(_KINDS[document["kind"]], document)
        assert document["kind"] == "Namespace" or document["metadata"]["namespace"] == "moss-jamf"
    images = {
        container["image"]
        for document in found
        for container in document.get("spec", {})
        .get("template", {})
        .get("spec", {})
        .get("containers", ())
    }
    assert images == {"registry.example.org/moss-jamf:0.1.0-kubernetes"}
