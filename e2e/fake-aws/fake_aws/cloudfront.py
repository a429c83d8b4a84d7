"""CloudFront: origins in a network, which moto lacks, and what it drops of distributions."""

from typing import Any
from uuid import uuid4

import moto.cloudfront.models as models
from moto.cloudfront import urls
from moto.cloudfront.exceptions import CloudFrontException
from moto.cloudfront.responses import CloudFrontResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from .changes import after, operations

urls.url_paths["{0}/2020-05-31/vpc-origin$"] = CloudFrontResponse.dispatch
urls.url_paths["{0}/2020-05-31/vpc-origin/(?P<vpc_origin_id>[^/]+)$"] = CloudFrontResponse.dispatch


class NoSuchOrigin(CloudFrontException):
    code = "EntityNotFound"


@after(models.DefaultCacheBehaviour, "__init__")
def forward_by_policy_only(behaviour: models.DefaultCacheBehaviour, _result: None, _named: dict[str, Any]) -> None:
    if behaviour.cache_policy_id:
        behaviour.forwarded_values = None


@after(models.ViewerCertificate, "__init__")
def tell_own_certificate(certificate: models.ViewerCertificate, _result: None, _named: dict[str, Any]) -> None:
    if certificate.acm_certificate_arn:
        certificate.cloud_front_default_certificate = False


@after(models.Origin, "__init__")
def keep_network(origin: models.Origin, _result: None, named: dict[str, Any]) -> None:
    origin.vpc_origin_config = named["origin"].get("VpcOriginConfig")


@operations(CloudFrontResponse, inventory=(models.CloudFrontBackend, ("vpc_origins",)))
class Operations:
    def create_vpc_origin(self: CloudFrontResponse) -> ActionResult:
        identifier = f"vo_{uuid4().hex[:22]}"
        origin = {
            "Id": identifier,
            "Arn": f"arn:{self.partition}:cloudfront::{self.current_account}:vpcorigin/{identifier}",
            "Status": "Deployed",
            "CreatedTime": utcnow(),
            "LastModifiedTime": utcnow(),
            "VpcOriginEndpointConfig": self._get_param("VpcOriginEndpointConfig"),
        }
        self.backend.vpc_origins[identifier] = origin
        self.backend.tagger.tag_resource(origin["Arn"], self._get_param("Tags.Items") or [])
        return shown(origin)

    def get_vpc_origin(self: CloudFrontResponse) -> ActionResult:
        return shown(asked_for(self))

    def update_vpc_origin(self: CloudFrontResponse) -> ActionResult:
        origin = asked_for(self)
        origin["VpcOriginEndpointConfig"] = self._get_param("VpcOriginEndpointConfig")
        return shown(origin)

    def delete_vpc_origin(self: CloudFrontResponse) -> ActionResult:
        origin = asked_for(self)
        del self.backend.vpc_origins[origin["Id"]]
        return shown(origin)


def asked_for(response: CloudFrontResponse) -> dict[str, Any]:
    identifier = response._get_param("Id")
    if identifier not in response.backend.vpc_origins:
        raise NoSuchOrigin(f"{identifier} not found")
    return response.backend.vpc_origins[identifier]


def shown(origin: dict[str, Any]) -> ActionResult:
    return ActionResult({"VpcOrigin": origin, "ETag": f"E{origin['Id']}"})
