variable "name" {
  description = "Name of the whole, such as myapp-production: all roots are given the same one, and everything they make begins with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](?:-?[a-z0-9])+$", var.name)) && length(var.name) <= 24
    error_message = "name: must be 2 to 24 lower-case letters, digits and single hyphens, and begin with a letter"
  }
}

variable "region" {
  description = "Region of AWS, such as eu-central-1."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(?:-[a-z]+)+-[0-9]$", var.region))
    error_message = "region: must be a region of AWS such as eu-central-1"
  }
}

variable "production" {
  description = "Whether people would miss it. If so, what would lose data or let others at it is refused; if not, a destroy leaves nothing."
  type        = bool
  default     = true
  nullable    = false
}

variable "namespace" {
  description = "Namespace of the service, in which its pods get their role and the pipeline may deploy."
  type        = string
  default     = "myapp"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", var.namespace)) && length(var.namespace) <= 63 && !contains(["default", "kube-system", "kube-public", "kube-node-lease"], var.namespace)
    error_message = "namespace: must be at most 63 lower-case letters, digits and hyphens, and one of the service's own, since whoever deploys may change everything in it"
  }
}

# What is left out of the objects below has the default of its module, where it is described and checked.

variable "network" {
  description = "The network: see modules/aws/network."
  type = object({
    cidr                = optional(string, "10.0.0.0/16")
    nat                 = optional(string)
    interface_endpoints = optional(set(string))
    zones = map(object({
      public   = string
      nodes    = string
      database = string
      cache    = string
    }))
  })
  nullable = false
}

variable "cluster" {
  description = "The cluster: see modules/aws/cluster. administrators: ARNs of the roles of people who may do everything in it. api_client_security_group_ids: who may reach its API, such as the pipeline's runner."
  type = object({
    kubernetes_version            = string
    identity                      = optional(string, "pod_identity")
    pod_security_groups           = optional(string, "standard")
    node_instance_types           = optional(list(string))
    node_architecture             = optional(string)
    node_count                    = optional(object({ min = number, max = number }))
    public_access_cidrs           = optional(list(string))
    api_client_security_group_ids = optional(map(string))
    administrators                = optional(set(string), [])
  })
  nullable = false

  validation {
    condition     = var.cluster.pod_security_groups != "off" || !var.production
    error_message = "cluster.pod_security_groups: off lets every pod of the cluster reach database and cache; production needs standard or strict, or say production = false"
  }
}

variable "database" {
  description = "The database: see modules/aws/database."
  type = object({
    authentication            = optional(string, "iam")
    password_secret_arn       = optional(string)
    engine_major_version      = optional(number)
    instance_class            = optional(string)
    storage_gib               = optional(number)
    storage_max_gib           = optional(number)
    multi_az                  = optional(bool)
    backup_retention_days     = optional(number)
    deletion_protection       = optional(bool)
    performance_insights_days = optional(number, 7)
    monitoring_seconds        = optional(number)
  })
  default  = {}
  nullable = false

  # The service fetches its role's credentials from the agent of Pod Identity; it does not speak to STS, as irsa asks.
  validation {
    condition     = var.database.authentication != "iam" || var.cluster.identity == "pod_identity"
    error_message = "database.authentication: iam needs cluster.identity = pod_identity, from whose agent the service gets its role; with irsa use authentication = password and password_secret_arn"
  }
  # An object cannot check itself in its module's name, so that the reason would come without the input's.
  validation {
    condition     = var.database.authentication != "password" || var.database.password_secret_arn != null
    error_message = "database.password_secret_arn: authentication = password needs a secret; make one outside Terraform (aws secretsmanager create-secret) and give its ARN"
  }
}

variable "cache" {
  description = "The cache: see modules/aws/cache. Null leaves it out: each replica of the service then reports its own events alone."
  type = object({
    engine_version = optional(string)
    node_type      = optional(string)
    replicas       = optional(number)
  })
  default = {}

  # Its one user logs in with a token, which the service makes with the credentials of that agent.
  validation {
    condition     = var.cache == null || var.cluster.identity == "pod_identity"
    error_message = "cache: needs cluster.identity = pod_identity, from whose agent the service gets the role that its cache lets in; with irsa set cache = null"
  }
}

variable "edge" {
  description = "How clients come in: see modules/aws/edge."
  type = object({
    domain_name    = string
    zone_id        = string
    load_balancer  = optional(string)
    cdn            = optional(bool)
    waf            = optional(string)
    waf_rate_limit = optional(number)
    client_cidrs   = optional(set(string))
  })
  nullable = false
}
