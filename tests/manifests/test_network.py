"""Who may speak with the controller, and with whom it may speak."""

from tests.manifests.builders import container, manifest, pod


def test_only_the_port_of_probes_and_metrics_is_open() -> None:
    spec = manifest("NetworkPolicy", "tekton-chains-controller")["spec"]
    assert spec["policyTypes"] == ["Ingress", "Egress"]
    assert spec["ingress"] == [{"ports": [{"port": "http", "protocol": "TCP"}]}]
    assert [port["name"] for port in container()["ports"]] == ["http"]
    assert spec["podSelector"]["matchLabels"].items() <= pod()["metadata"]["labels"].items()


def test_it_reaches_names_the_api_registries_and_the_log_and_no_metadata_service() -> None:
    names, rest = manifest("NetworkPolicy", "tekton-chains-controller")["spec"]["egress"]
    assert {(port["port"], port["protocol"]) for port in names["ports"]} >= {(53, "UDP"), (53, "TCP")}
    assert {port["port"] for port in rest["ports"]} == {80, 443, 5000, 6443, 8443}
    blocks = {peer["ipBlock"]["cidr"]: peer["ipBlock"]["except"] for peer in rest["to"]}
    assert "169.254.0.0/16" in blocks["0.0.0.0/0"]
    assert "fe80::/10" in blocks["::/0"]


def test_whatever_else_comes_into_the_namespace_speaks_with_nobody() -> None:
    spec = manifest("NetworkPolicy", "tekton-chains-deny-all")["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
