"""EKS: add-ons, access entries and Pod Identity, which moto lacks, and the parts of clusters and node groups that it drops."""

import base64
from typing import Any
from uuid import uuid4

import moto.eks.models as models
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models import ec2_backends
from moto.eks import urls
from moto.eks.exceptions import ResourceInUseException, ResourceNotFoundException
from moto.eks.responses import EKSResponse

from .changes import after, operations

# EKS adds no remote access that was not asked for; moto would, and Terraform would replace the node group for it.
models.DEFAULT_REMOTE_ACCESS = None

# All of it is one path to Flask, since ARNs in a path hold slashes; moto finds the operation in AWS's own description.
urls.url_paths["{0}/clusters/(?P<name>.+)$"] = urls.response.dispatch
urls.url_paths["{0}/addons/(?P<name>.+)$"] = urls.response.dispatch

# What a provider parses must parse: a certificate in name only.
CERTIFICATE = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n").decode()

ADDON_VERSION = "v1.0.0-eksbuild.1"


@after(models.EKSBackend, "create_cluster")
def complete_cluster(backend: models.EKSBackend, cluster: models.Cluster, _named: dict[str, Any]) -> None:
    """Gives the cluster its security group, as EKS does."""
    cluster.certificate_authority = {"data": CERTIFICATE}
    ec2 = ec2_backends[backend.account_id][backend.region_name]
    network = cluster.resources_vpc_config
    network["vpcId"] = ec2.get_subnet(network["subnetIds"][0]).vpc_id
    group = ec2.create_security_group(f"eks-cluster-sg-{cluster.name}", "made by EKS", vpc_id=network["vpcId"])
    network["clusterSecurityGroupId"] = group.id
    cluster.kubernetes_network_config = {
        "ipFamily": "ipv4",
        "serviceIpv4Cidr": "172.20.0.0/16",
        **cluster.kubernetes_network_config,
    }


@after(models.EKSBackend, "delete_cluster")
def delete_security_group(backend: models.EKSBackend, cluster: models.Cluster, _named: dict[str, Any]) -> None:
    group = cluster.resources_vpc_config["clusterSecurityGroupId"]
    ec2_backends[backend.account_id][backend.region_name].delete_security_group(group_id=group)


@after(EKSResponse, "create_cluster")
def keep_cluster_settings(response: EKSResponse, _result: ActionResult, _named: dict[str, Any]) -> None:
    cluster = response.eks_backend.clusters[response._get_param("name")]
    cluster.access_config = {
        "authenticationMode": "CONFIG_MAP",
        "bootstrapClusterCreatorAdminPermissions": True,
        **(response._get_param("accessConfig") or {}),
    }
    cluster.upgrade_policy = response._get_param("upgradePolicy") or {"supportType": "EXTENDED"}
    cluster.zonal_shift_config = response._get_param("zonalShiftConfig")
    cluster.deletion_protection = bool(response._get_param("deletionProtection"))


@after(EKSResponse, "create_nodegroup")
def keep_node_group_settings(response: EKSResponse, _result: ActionResult, _named: dict[str, Any]) -> None:
    cluster = response.eks_backend.clusters[response._get_param("name")]
    group = cluster.nodegroups[response._get_param("nodegroupName")]
    group.update_config = response._get_param("updateConfig") or {"maxUnavailable": 1}
    group.node_repair_config = response._get_param("nodeRepairConfig")
    group.version = response._get_param("version") or cluster.version
    if response._get_param("launchTemplate"):
        # The template says how large the disk is.
        group.disk_size = None


def not_found(what: str) -> ResourceNotFoundException:
    return ResourceNotFoundException(clusterName=None, nodegroupName=None, addonName=None, message=f"{what} not found")


def taken(what: str) -> ResourceInUseException:
    return ResourceInUseException(clusterName=None, nodegroupName=None, addonName=None, message=f"{what} already exists")


class Keyed:
    """What most operations of EKS do: a table of dicts, keyed by cluster and one more name."""

    def __init__(self, response: EKSResponse, table: str, what: str) -> None:
        self.response = response
        self.cluster = response._get_param("name")
        self.table = getattr(response.eks_backend, table)
        self.what = what

    def create(self, name: str, item: dict[str, Any]) -> dict[str, Any]:
        if self.cluster not in self.response.eks_backend.clusters:
            raise not_found(f"cluster {self.cluster}")
        if (self.cluster, name) in self.table:
            raise taken(f"{self.what} {name}")
        common = {"clusterName": self.cluster, "createdAt": utcnow(), "modifiedAt": utcnow()}
        tags = self.response._get_param("tags") or {}
        self.table[self.cluster, name] = {**common, "tags": tags, **item}
        return self.table[self.cluster, name]

    def get(self, name: str) -> dict[str, Any]:
        if (self.cluster, name) not in self.table:
            raise not_found(f"{self.what} {name}")
        return self.table[self.cluster, name]

    def update(self, name: str, fields: tuple[str, ...]) -> dict[str, Any]:
        item = self.get(name)
        item.update(given(self.response, fields))
        return item

    def remove(self, name: str) -> dict[str, Any]:
        return self.table.pop((self.cluster, self.get(name) and name))

    def names(self) -> list[str]:
        return [name for cluster, name in self.table if cluster == self.cluster]

    def arn(self, kind: str, *path: str) -> str:
        backend = self.response.eks_backend
        return ":".join(
            ["arn", backend.partition, "eks", backend.region_name, backend.account_id, "/".join([kind, self.cluster, *path])]
        )


def given(response: EKSResponse, fields: tuple[str, ...]) -> dict[str, Any]:
    values = {field: response._get_param(field) for field in fields}
    return {field: value for field, value in values.items() if value is not None}


def done(kind: str) -> dict[str, Any]:
    return {"id": str(uuid4()), "status": "Successful", "type": kind, "params": [], "createdAt": utcnow(), "errors": []}


@operations(EKSResponse, inventory=(models.EKSBackend, ("addons", "access_entries", "access_policies", "pod_identities")))
class Operations:
    ADDON_FIELDS = ("serviceAccountRoleArn", "configurationValues", "addonVersion")

    def create_addon(self: EKSResponse) -> ActionResult:
        addons = Keyed(self, "addons", "add-on")
        name = self._get_param("addonName")
        item = {
            "addonName": name,
            "status": "ACTIVE",
            "addonVersion": ADDON_VERSION,
            "health": {"issues": []},
            "addonArn": addons.arn("addon", name, str(uuid4())),
            "podIdentityAssociations": associate(self, name),
            **given(self, Operations.ADDON_FIELDS),
        }
        return ActionResult({"addon": addons.create(name, item)})

    def describe_addon(self: EKSResponse) -> ActionResult:
        return ActionResult({"addon": Keyed(self, "addons", "add-on").get(self._get_param("addonName"))})

    def list_addons(self: EKSResponse) -> ActionResult:
        return ActionResult({"addons": Keyed(self, "addons", "add-on").names()})

    def update_addon(self: EKSResponse) -> ActionResult:
        name = self._get_param("addonName")
        addon = Keyed(self, "addons", "add-on").update(name, Operations.ADDON_FIELDS)
        if self._get_param("podIdentityAssociations") is not None:
            dissociate(self, addon)
            addon["podIdentityAssociations"] = associate(self, name)
        return ActionResult({"update": done("AddonUpdate")})

    def delete_addon(self: EKSResponse) -> ActionResult:
        addon = Keyed(self, "addons", "add-on").remove(self._get_param("addonName"))
        dissociate(self, addon)
        return ActionResult({"addon": addon})

    def describe_addon_versions(self: EKSResponse) -> ActionResult:
        compatible = [{"clusterVersion": self._get_param("kubernetesVersion"), "defaultVersion": True}]
        version = {"addonVersion": ADDON_VERSION, "compatibilities": compatible}
        return ActionResult({"addons": [{"addonName": self._get_param("addonName"), "addonVersions": [version]}]})

    def describe_update(self: EKSResponse) -> ActionResult:
        return ActionResult({"update": {**done("ConfigUpdate"), "id": self._get_param("updateId")}})

    def create_access_entry(self: EKSResponse) -> ActionResult:
        entries = Keyed(self, "access_entries", "access entry")
        principal = self._get_param("principalArn")
        role = principal.rsplit("/", 1)[-1]
        item = {
            "principalArn": principal,
            "kubernetesGroups": [],
            "accessEntryArn": entries.arn("access-entry", "role", self.current_account, role, str(uuid4())),
            "username": f"arn:aws:sts::{self.current_account}:assumed-role/{role}/{{{{SessionName}}}}",
            "type": "STANDARD",
            **given(self, ("kubernetesGroups", "username", "type")),
        }
        return ActionResult({"accessEntry": entries.create(principal, item)})

    def describe_access_entry(self: EKSResponse) -> ActionResult:
        entries = Keyed(self, "access_entries", "access entry")
        return ActionResult({"accessEntry": entries.get(self._get_param("principalArn"))})

    def list_access_entries(self: EKSResponse) -> ActionResult:
        return ActionResult({"accessEntries": Keyed(self, "access_entries", "access entry").names()})

    def update_access_entry(self: EKSResponse) -> ActionResult:
        entries = Keyed(self, "access_entries", "access entry")
        principal = self._get_param("principalArn")
        return ActionResult({"accessEntry": entries.update(principal, ("kubernetesGroups", "username"))})

    def delete_access_entry(self: EKSResponse) -> ActionResult:
        entries = Keyed(self, "access_entries", "access entry")
        entries.remove(self._get_param("principalArn"))
        return ActionResult({})

    def associate_access_policy(self: EKSResponse) -> ActionResult:
        principal, policy = self._get_param("principalArn"), self._get_param("policyArn")
        Keyed(self, "access_entries", "access entry").get(principal)
        policies = Keyed(self, "access_policies", "access policy")
        scope = {"namespaces": [], **self._get_param("accessScope")}
        item = {"policyArn": policy, "accessScope": scope, "associatedAt": utcnow()}
        policies.table.pop((policies.cluster, f"{principal} {policy}"), None)
        association = policies.create(f"{principal} {policy}", item)
        return ActionResult(
            {"clusterName": policies.cluster, "principalArn": principal, "associatedAccessPolicy": association}
        )

    def list_associated_access_policies(self: EKSResponse) -> ActionResult:
        principal = self._get_param("principalArn")
        Keyed(self, "access_entries", "access entry").get(principal)
        policies = Keyed(self, "access_policies", "access policy")
        of_principal = [policies.get(name) for name in policies.names() if name.startswith(f"{principal} ")]
        return ActionResult(
            {"clusterName": policies.cluster, "principalArn": principal, "associatedAccessPolicies": of_principal}
        )

    def disassociate_access_policy(self: EKSResponse) -> ActionResult:
        name = f"{self._get_param('principalArn')} {self._get_param('policyArn')}"
        Keyed(self, "access_policies", "access policy").remove(name)
        return ActionResult({})

    POD_IDENTITY_FIELDS = ("roleArn", "targetRoleArn", "disableSessionTags")

    def create_pod_identity_association(self: EKSResponse) -> ActionResult:
        fields = given(self, ("namespace", "serviceAccount", *Operations.POD_IDENTITY_FIELDS))
        return ActionResult({"association": add_pod_identity(self, fields)})

    def describe_pod_identity_association(self: EKSResponse) -> ActionResult:
        associations = Keyed(self, "pod_identities", "Pod Identity association")
        return ActionResult({"association": associations.get(self._get_param("associationId"))})

    def list_pod_identity_associations(self: EKSResponse) -> ActionResult:
        associations = Keyed(self, "pod_identities", "Pod Identity association")
        return ActionResult({"associations": [associations.get(name) for name in associations.names()]})

    def update_pod_identity_association(self: EKSResponse) -> ActionResult:
        associations = Keyed(self, "pod_identities", "Pod Identity association")
        identifier = self._get_param("associationId")
        return ActionResult({"association": associations.update(identifier, Operations.POD_IDENTITY_FIELDS)})

    def delete_pod_identity_association(self: EKSResponse) -> ActionResult:
        associations = Keyed(self, "pod_identities", "Pod Identity association")
        return ActionResult({"association": associations.remove(self._get_param("associationId"))})


def add_pod_identity(response: EKSResponse, fields: dict[str, Any]) -> dict[str, Any]:
    associations = Keyed(response, "pod_identities", "Pod Identity association")
    identifier = f"a-{uuid4().hex[:17]}"
    arn = associations.arn("podidentityassociation", identifier)
    return associations.create(identifier, {"associationId": identifier, "associationArn": arn, **fields})


def associate(response: EKSResponse, addon: str) -> list[str]:
    """Makes the associations that an add-on asks for, and returns their ARNs, as EKS does."""
    asked = response._get_param("podIdentityAssociations") or []
    common = {"namespace": "kube-system", "ownerArn": addon}
    return [add_pod_identity(response, {**common, **association})["associationArn"] for association in asked]


def dissociate(response: EKSResponse, addon: dict[str, Any]) -> None:
    associations = Keyed(response, "pod_identities", "Pod Identity association")
    for arn in addon["podIdentityAssociations"]:
        associations.remove(arn.rsplit("/", 1)[-1])
