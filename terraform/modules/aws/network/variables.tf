variable "name" {
  description = "Begins the name of everything made here, such as shop-production. 2 to 24 characters: a-z, 0-9 and -."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name))
    error_message = "name: must be 2 to 24 characters of a-z, 0-9 and -, begin with a letter and not end with -."
  }
}

variable "tags" {
  description = "Tags of everything made here, beside its Name."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for key in keys(var.tags) : key != "Name" && !startswith(lower(key), "aws:")])
    error_message = "tags: Name is given by the module, and keys that begin with aws: belong to AWS."
  }
}

variable "cidr" {
  description = "Addresses of the network, such as 10.0.0.0/16. IPv4, /16 to /20, private."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrsubnet(var.cidr, 0, 0)) && can(regex("^(?:10|172\\.(?:1[6-9]|2[0-9]|3[01])|192\\.168|100\\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7]))\\..*/(?:1[6-9]|20)$", var.cidr))
    error_message = "cidr: must be a private IPv4 network of /16 to /20, such as 10.0.0.0/16."
  }
  validation {
    condition     = try(cidrsubnet(var.cidr, 0, 0) == var.cidr, true)
    error_message = "cidr: does not begin at the first address of its network; write ${try(cidrsubnet(var.cidr, 0, 0), "it")}."
  }
}

variable "zones" {
  description = <<-TEXT
    Subnets of each availability zone, by the zone's name. Written out rather than computed, so that a zone added later moves no other.
    IPv4 networks within cidr:
    - public: load balancer and NAT gateway, nothing else; /20 to /27.
    - nodes: nodes and pods, each pod with an address of its own; /18 to /24.
    - database, cache: what the name says, without a route out; /20 to /28.
  TEXT
  type = map(object({
    public   = string
    nodes    = string
    database = string
    cache    = string
  }))
  nullable = false

  validation {
    condition     = length(var.zones) >= 3
    error_message = "zones: three availability zones or more; with two, the loss of one takes half of the capacity and any quorum."
  }
  validation {
    condition     = alltrue([for zone in keys(var.zones) : can(regex("^[a-z]{2}(?:-[a-z]+)+-[0-9][a-z]$", zone))])
    error_message = "zones: keys are names of availability zones, such as eu-central-1a."
  }
  validation {
    condition = alltrue(flatten([
      for subnets in var.zones : [for cidr in values(subnets) : can(cidrsubnet(cidr, 0, 0)) && !strcontains(cidr, ":")]
    ]))
    error_message = "zones: each subnet is an IPv4 network such as 10.0.16.0/20."
  }
  validation {
    condition = alltrue(flatten([
      for subnets in var.zones : [for cidr in values(subnets) : try(cidrsubnet(cidr, 0, 0) == cidr, true)]
    ]))
    error_message = "zones: these do not begin at the first address of their network: ${join(", ", flatten([
      for zone, subnets in var.zones : [
        for tier, cidr in subnets : "${tier} of ${zone} (${cidr}; write ${cidrsubnet(cidr, 0, 0)})"
        if try(cidrsubnet(cidr, 0, 0) != cidr, false)
      ]
    ]))}."
  }
  validation {
    condition     = alltrue([for subnets in var.zones : can(regex("/(?:1[89]|2[0-4])$", subnets.nodes))])
    error_message = "zones: subnets of nodes are /18 to /24, since each pod takes an address."
  }
  validation {
    condition     = alltrue([for subnets in var.zones : can(regex("/2[0-7]$", subnets.public))])
    error_message = "zones: public subnets are /20 to /27; a load balancer needs a /27 with eight free addresses."
  }
  validation {
    condition = alltrue(flatten([
      for subnets in var.zones : [for cidr in [subnets.database, subnets.cache] : can(regex("/2[0-8]$", cidr))]
    ]))
    error_message = "zones: subnets of database and cache are /20 to /28."
  }
}

variable "nat" {
  description = "NAT gateways: one (cheaper; its zone's loss cuts all nodes off the internet) or per_zone."
  type        = string
  default     = "per_zone"
  nullable    = false

  validation {
    condition     = contains(["one", "per_zone"], var.nat)
    error_message = "nat: must be one or per_zone."
  }
}

variable "gateway_endpoints" {
  description = "Services reached through a gateway endpoint, which costs nothing: s3 (layers of images come from there), dynamodb."
  type        = set(string)
  default     = ["s3"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.gateway_endpoints, ["s3", "dynamodb"])) == 0
    error_message = "gateway_endpoints: AWS has them for s3 and dynamodb only; others go into interface_endpoints."
  }
}

variable "interface_endpoints" {
  description = "Services reached through an interface endpoint, by the last part of its name, such as ecr.api. Each is billed by the hour in each zone."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "eks", "eks-auth", "logs", "secretsmanager", "sts"]
  nullable    = false

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z0-9-]+(?:\\.[a-z0-9-]+)*$", service)) && !startswith(service, "com.amazonaws.")])
    error_message = "interface_endpoints: write the last part of the service's name, such as ecr.api for com.amazonaws.eu-central-1.ecr.api."
  }
  validation {
    condition     = length(setintersection(var.interface_endpoints, ["s3", "dynamodb"])) == 0
    error_message = "interface_endpoints: s3 and dynamodb cost nothing as gateway_endpoints."
  }
}

variable "log_retention_days" {
  description = "Days that flow logs are kept; one of the periods CloudWatch Logs knows."
  type        = number
  default     = 365
  nullable    = false

  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: must be 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}
