"""What is there in the fake, whatever Terraform's state says."""

import json
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.secretsmanager.models import secretsmanager_backends

# Tables that hold no resource: a log of what happened, or an index of another table.
NO_RESOURCES = {
    "acm": {"_idempotency_tokens"},
    "ec2": {"launch_template_insert_order", "launch_template_name_to_ids", "tags"},
    "rds": {"events"},
    "route53": {"delegation_sets"},
    "ssm": {"_resource_tags"},
}


def take() -> dict[str, int]:
    """Numbers of things by `service.table`, beyond those that every account has from the start. Empty when nothing is left."""
    counts: dict[str, int] = {}
    for service in list(BackendDict._instances):
        for account, region, backend in list(service.iter_backends()):
            before = tables(type(backend)(region, account))
            for name, number in tables(backend).items():
                more = number - before.get(name, 0)
                if more > 0 and name not in NO_RESOURCES.get(service.service_name, ()):
                    key = f"{service.service_name}.{name}"
                    counts[key] = counts.get(key, 0) + more
    return counts


def secrets() -> list[str]:
    """Every secret value: whole, and the passwords in those that are documents, as RDS makes them."""
    held = []
    for _account, _region, backend in secretsmanager_backends.iter_backends():
        for secret in backend.secrets.values():
            held += [version["secret_string"] for version in secret.versions.values() if version.get("secret_string")]
    return held + [document["password"] for document in map(parsed, held) if "password" in document]


def parsed(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def tables(backend: BaseBackend) -> dict[str, int]:
    return {name: size(table) for name, table in vars(backend).items() if isinstance(table, (dict, list, set))}


def size(table: Any) -> int:
    """EC2 keeps some things by network and then by name: a table of tables of objects."""
    values = table.values() if isinstance(table, dict) else table
    return sum(len(value) if is_table(value) else 1 for value in values if not is_going(value))


def is_going(value: Any) -> bool:
    """KMS keys and secrets go days after they were told to, as on AWS, and what else was deleted is listed for a while."""
    states = {getattr(value, "key_state", None), getattr(value, "state", None)}
    return bool(states & {"PendingDeletion", "deleted"}) or getattr(value, "deleted_date", None) is not None


def is_table(value: Any) -> bool:
    return isinstance(value, dict) and all(hasattr(entry, "__dict__") for entry in value.values())
