"""Values that moto takes and does not give back, so that Terraform would see a change in each plan."""

from typing import Any
from uuid import uuid4

import moto.rds.models as rds
import moto.route53.models as route53
from moto.ec2.models import EC2Backend
from moto.ec2.models.launch_templates import LaunchTemplateBackend
from moto.ec2.models.security_groups import SecurityGroupRule

from .changes import after


@after(rds.DBInstance, "__init__")
def keep_database_settings(database: rds.DBInstance, _result: None, named: dict[str, Any]) -> None:
    # moto gives all instances the same id, and Terraform finds them by it.
    database.dbi_resource_id = f"db-{uuid4().hex[:26].upper()}"
    # The authority that AWS takes where none is named. Another one would be changed after the creation, which takes long.
    if database.ca_certificate_identifier == "rds-ca-default":
        database.ca_certificate_identifier = "rds-ca-rsa2048-g1"
    database.performance_insights_enabled = bool(named.get("enable_performance_insights"))
    database.performance_insights_kms_key_id = named.get("performance_insights_kms_key_id")
    database.performance_insights_retention_period = named.get("performance_insights_retention_period")


@after(rds.DBParameterGroup, "update_parameters")
def mark_as_set_by_a_user(group: rds.DBParameterGroup, _result: None, _named: dict[str, Any]) -> None:
    for parameter in group.parameters.values():
        parameter["Source"] = "user"


@after(LaunchTemplateBackend, "create_launch_template")
def keep_tags_apart(_backend: Any, template: Any, _named: dict[str, Any]) -> None:
    """The template's own tags are no part of what instances get from it."""
    for version in template.versions:
        specifications = version.data.get("TagSpecifications") or []
        others = [given for given in specifications if given["ResourceType"] != "launch-template"]
        version.data.pop("TagSpecifications", None)
        if others:
            version.data["TagSpecifications"] = others


# On AWS they all begin so.
route53.create_route53_zone_id = lambda **_: f"Z{uuid4().hex[:20].upper()}"


@after(SecurityGroupRule, "__init__")
def keep_description_of_prefix_list(rule: SecurityGroupRule, _result: None, named: dict[str, Any]) -> None:
    rule.prefix_list = named.get("prefix_list_id") or {}


def description(rule: SecurityGroupRule) -> str | None:
    """moto tells it of rules on addresses only."""
    peers = (rule.ip_range, rule.source_group, rule.prefix_list)
    return next((peer["Description"] for peer in peers if "Description" in peer), None)


SecurityGroupRule.description = property(description)


@after(EC2Backend, "modify_security_group_rules")
def change_peer(backend: EC2Backend, _result: None, named: dict[str, Any]) -> None:
    """moto changes addresses and ports only."""
    group = backend.get_security_group_by_name_or_id(named["group_id"])
    for rule in [*group.ingress_rules, *group.egress_rules]:
        peer = named["rules"].get(rule.id, {}).get("ReferencedGroupId")
        if peer is not None:
            rule.source_group = {**rule.source_group, "GroupId": peer}


@after(EC2Backend, "delete_vpc")
def delete_with_network(backend: EC2Backend, _vpc: Any, named: dict[str, Any]) -> None:
    """A network's own access list goes with it."""
    for name, acl in list(backend.network_acls.items()):
        if acl.vpc_id == named["vpc_id"]:
            del backend.network_acls[name]


@after(EC2Backend, "delete_nat_gateway")
def delete_interface(backend: EC2Backend, gateway: Any, _named: dict[str, Any]) -> None:
    backend.enis.pop(gateway._eni.id, None)
