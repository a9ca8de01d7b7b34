"""Who may speak with the controller, and with whom it may speak."""

import ipaddress

from chains.hosts.addresses import REFUSED_NETWORKS
from tests.manifests.builders import container, manifest, pod

# This host, multicast and broadcast: no packet to them leaves a pod for somebody else's service.
NO_HOSTS = {"0.0.0.0/8", "::/128", "224.0.0.0/4", "ff00::/8", "255.255.255.255/32"}


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
    closed = {ipaddress.ip_network(text) for texts in blocks.values() for text in texts}
    assert closed == {network for network in REFUSED_NETWORKS if str(network) not in NO_HOSTS}


def test_whatever_else_comes_into_the_namespace_speaks_with_nobody() -> None:
    spec = manifest("NetworkPolicy", "tekton-chains-deny-all")["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
