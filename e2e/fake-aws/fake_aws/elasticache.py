"""ElastiCache: user groups and parameter groups, which moto lacks, and the member clusters of a replication group."""

import re
from typing import Any

import moto.elasticache.models as models
from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.exceptions import ElastiCacheException
from moto.elasticache.responses import ElastiCacheResponse

from .changes import after, operations


@after(models.ElastiCacheBackend, "__init__")
def know_all_arns(backend: models.ElastiCacheBackend, _result: None, _named: dict[str, Any]) -> None:
    """moto gives no tags of the kinds that it lacks."""
    backend.arn_regex = re.compile("^arn:aws:elasticache:.*")


class NotFound(ElastiCacheException):
    def __init__(self, code: str, name: str) -> None:
        super().__init__(f"{name} not found")
        self.code = code


def arn(response: ElastiCacheResponse, kind: str, name: str) -> str:
    return f"arn:{response.partition}:elasticache:{response.region}:{response.current_account}:{kind}:{name}"


def remember_tags(response: ElastiCacheResponse, resource: str) -> None:
    response.elasticache_backend.tagging_service.tag_resource(resource, response._get_param("Tags") or [])


@after(ElastiCacheResponse, "create_replication_group")
def create_members(response: ElastiCacheResponse, _result: ActionResult, _named: dict[str, Any]) -> None:
    """Members are clusters of their own, which is where a provider reads most settings of a group."""
    backend = response.elasticache_backend
    group = backend.replication_groups[response._get_param("ReplicationGroupId")]
    wanted = response._get_param("NumCacheClusters")
    if wanted and group.cluster_mode == "disabled":
        add_replicas(group, wanted)
    for member in group.member_clusters:
        backend.cache_clusters[member] = member_of(group, member, backend)


def add_replicas(group: models.ReplicationGroup, wanted: int) -> None:
    """moto counts replicas only where they are asked for as such, not where a number of clusters is."""
    nodes = group.node_groups[0]
    domain = nodes["primary_endpoint_address"].removeprefix("master.")
    for number in range(len(group.member_clusters) + 1, wanted + 1):
        name = f"{group.replication_group_id}-{number:0>3}"
        group.member_clusters.append(name)
        nodes["node_group_members"].append(
            {
                "cache_cluster_id": name,
                "cache_node_id": nodes["node_group_id"],
                "read_endpoint": {"address": f"{name}.{domain}", "port": group.port},
                "preferred_availability_zone": "eu-central-1a",
                "current_role": "replica",
            }
        )


def member_of(group: models.ReplicationGroup, name: str, backend: models.ElastiCacheBackend) -> models.CacheCluster:
    nothing = dict.fromkeys(models.CacheCluster.__init__.__annotations__.keys() - {"return"})
    known = {key: value for key, value in vars(group).items() if key in nothing}
    member = models.CacheCluster(
        **{
            **nothing,
            **known,
            "account_id": backend.account_id,
            "region_name": backend.region_name,
            "cache_cluster_id": name,
            "az_mode": "single-az",
            "num_cache_nodes": 1,
        }
    )
    member.num_cache_nodes = 1
    member.replication_group_id = group.replication_group_id
    member.at_rest_encryption_enabled = group.at_rest_encryption_enabled
    member.snapshot_window = group.snapshot_window
    member.transit_encryption_mode = group.transit_encryption_mode
    member.cache_parameter_group = {"cache_parameter_group_name": group.cache_parameter_group_name}
    member.security_groups = [
        {"security_group_id": group_id, "status": "active"} for group_id in group.security_group_ids or []
    ]
    return member


@after(models.ElastiCacheBackend, "delete_replication_group")
def remove_at_once(backend: models.ElastiCacheBackend, group: models.ReplicationGroup, _named: dict[str, Any]) -> None:
    """moto leaves the group there, to be deleted for good."""
    for member in group.member_clusters:
        backend.cache_clusters.pop(member, None)
    del backend.replication_groups[group.replication_group_id]


@after(models.ElastiCacheBackend, "delete_user")
def remove_user_at_once(backend: models.ElastiCacheBackend, user: models.User, _named: dict[str, Any]) -> None:
    backend.users.pop(user.id, None)


@operations(ElastiCacheResponse, inventory=(models.ElastiCacheBackend, ("user_groups", "parameter_groups")))
class Operations:
    def delete_cache_subnet_group(self: ElastiCacheResponse) -> EmptyResult:
        self.elasticache_backend.cache_subnet_groups.pop(self._get_param("CacheSubnetGroupName"), None)
        return EmptyResult()

    def create_user_group(self: ElastiCacheResponse) -> ActionResult:
        name = self._get_param("UserGroupId")
        group = {
            "UserGroupId": name,
            "Status": "active",
            "Engine": self._get_param("Engine").lower(),
            "UserIds": list(self._get_param("UserIds") or []),
            "MinimumEngineVersion": "7.2",
            "ReplicationGroups": [],
            "ARN": arn(self, "usergroup", name),
        }
        self.elasticache_backend.user_groups[name] = group
        remember_tags(self, group["ARN"])
        return ActionResult(group)

    def describe_user_groups(self: ElastiCacheResponse) -> ActionResult:
        return ActionResult({"UserGroups": described(self, "user_groups", "UserGroupId", "UserGroupNotFound")})

    def modify_user_group(self: ElastiCacheResponse) -> ActionResult:
        [group] = described(self, "user_groups", "UserGroupId", "UserGroupNotFound")
        removed = self._get_param("UserIdsToRemove") or []
        group["UserIds"] = [user for user in group["UserIds"] if user not in removed]
        group["UserIds"] += self._get_param("UserIdsToAdd") or []
        return ActionResult(group)

    def delete_user_group(self: ElastiCacheResponse) -> ActionResult:
        [group] = described(self, "user_groups", "UserGroupId", "UserGroupNotFound")
        return ActionResult(self.elasticache_backend.user_groups.pop(group["UserGroupId"]))

    def create_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
        name = self._get_param("CacheParameterGroupName")
        group = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
            "Description": self._get_param("Description"),
            "IsGlobal": False,
            "ARN": arn(self, "parametergroup", name),
            "parameters": {},
        }
        self.elasticache_backend.parameter_groups[name] = group
        remember_tags(self, group["ARN"])
        return ActionResult({"CacheParameterGroup": group})

    def describe_cache_parameter_groups(self: ElastiCacheResponse) -> ActionResult:
        return ActionResult({"CacheParameterGroups": parameter_groups(self)})

    def modify_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
        [group] = parameter_groups(self)
        for parameter in self._get_param("ParameterNameValues"):
            group["parameters"][parameter["ParameterName"]] = parameter["ParameterValue"]
        return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})

    def describe_cache_parameters(self: ElastiCacheResponse) -> ActionResult:
        [group] = parameter_groups(self)
        changed = [
            {"ParameterName": name, "ParameterValue": value, "Source": "user"}
            for name, value in group["parameters"].items()
        ]
        return ActionResult({"Parameters": changed})

    def delete_cache_parameter_group(self: ElastiCacheResponse) -> EmptyResult:
        [group] = parameter_groups(self)
        del self.elasticache_backend.parameter_groups[group["CacheParameterGroupName"]]
        return EmptyResult()


def described(response: ElastiCacheResponse, table: str, parameter: str, code: str) -> list[dict[str, Any]]:
    """The one that is asked for by name, or all."""
    items = getattr(response.elasticache_backend, table)
    name = response._get_param(parameter)
    if name is None:
        return list(items.values())
    if name not in items:
        raise NotFound(code, name)
    return [items[name]]


def parameter_groups(response: ElastiCacheResponse) -> list[dict[str, Any]]:
    return described(response, "parameter_groups", "CacheParameterGroupName", "CacheParameterGroupNotFound")
