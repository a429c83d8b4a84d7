# Of the cluster as a whole. Nodes are described in variables_nodes.tf, pods in variables_pods.tf.

variable "name" {
  description = "Name of the cluster, and the beginning of every other name here. 2 to 24 characters: a-z, 0-9 and -."
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

variable "kubernetes_version" {
  description = "Kubernetes of control plane and nodes, such as 1.34. EKS goes up one minor version at a time, and never down."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^1\\.(?:3[3-9]|[4-9][0-9])$", var.kubernetes_version))
    error_message = "kubernetes_version: must be 1.33 or newer, written as 1.34. Nodes run Amazon Linux 2023 from there on."
  }
}

variable "vpc_id" {
  description = "Network of the cluster."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id: must be the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

variable "vpc_cidr" {
  description = "Addresses of the network, such as 10.0.0.0/16. Services of Kubernetes must not have any of them."
  type        = string
  nullable    = false

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 0, 0)) && !strcontains(var.vpc_cidr, ":")
    error_message = "vpc_cidr: must be an IPv4 network such as 10.0.0.0/16."
  }
}

variable "service_cidr" {
  description = "Addresses of Services of Kubernetes, which exist in the cluster only. Private IPv4, /12 to /24; fixed for the cluster's life."
  type        = string
  default     = "172.20.0.0/16"
  nullable    = false

  # https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
  validation {
    condition     = try(cidrsubnet(var.service_cidr, 0, 0) == var.service_cidr, false) && can(regex("^(?:10|172\\.(?:1[6-9]|2[0-9]|3[01])|192\\.168)\\..*/(?:1[2-9]|2[0-4])$", var.service_cidr))
    error_message = "service_cidr: must be a private IPv4 network of /12 to /24, such as 172.20.0.0/16."
  }
  # Two networks overlap when they are the same network once both have the shorter of their prefixes.
  validation {
    condition = try(
      cidrsubnet("${split("/", var.service_cidr)[0]}/${min(split("/", var.service_cidr)[1], split("/", var.vpc_cidr)[1])}", 0, 0)
      != cidrsubnet("${split("/", var.vpc_cidr)[0]}/${min(split("/", var.service_cidr)[1], split("/", var.vpc_cidr)[1])}", 0, 0),
      true
    )
    error_message = "service_cidr: ${var.service_cidr} overlaps the network's ${var.vpc_cidr}; pods could not reach what has the same address."
  }
}

variable "subnet_ids" {
  description = "Private subnets of control plane, nodes and pods, one in each of three zones or more."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 3
    error_message = "subnet_ids: three subnets or more, each in an availability zone of its own."
  }
}

variable "public_access_cidrs" {
  description = "Addresses on the internet that may reach the API server, such as [\"203.0.113.0/24\"]. None: it is reached from within the network only."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrsubnet(cidr, 0, 0)) && !strcontains(cidr, ":")])
    error_message = "public_access_cidrs: each is an IPv4 network such as 203.0.113.0/24."
  }
  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : try(tonumber(split("/", cidr)[1]) >= 16, true)])
    error_message = "public_access_cidrs: networks of /16 or smaller; 0.0.0.0/0, in one piece or several, would let everyone try."
  }
}

variable "api_client_security_group_ids" {
  description = "Security groups whose members may reach the API server from within the network, such as that of the runner of the pipeline; the keys are names of your choice."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "access_entries" {
  description = <<-TEXT
    Who may use the Kubernetes API; the keys are names of your choice. Nobody else may, not even who made the cluster.
    - principal_arn: an IAM role or user. A role of IAM Identity Center with its full path.
    - policy: cluster-admin, admin, edit or view; null where groups alone decide.
    - namespaces: where the policy holds; everywhere when empty.
    - groups: groups of Kubernetes, for rights that no policy has, such as those on custom resources.
  TEXT
  type = map(object({
    principal_arn = string
    policy        = optional(string)
    namespaces    = optional(set(string), [])
    groups        = optional(set(string), [])
  }))
  nullable = false

  validation {
    condition     = alltrue([for entry in var.access_entries : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(?:role|user)/.+$", entry.principal_arn))])
    error_message = "access_entries: principal_arn must be the ARN of an IAM role or user."
  }
  validation {
    condition     = length(distinct([for entry in var.access_entries : entry.principal_arn])) == length(var.access_entries)
    error_message = "access_entries: EKS has one entry a principal; give its rights in one."
  }
  validation {
    condition     = alltrue([for entry in var.access_entries : contains(["cluster-admin", "admin", "edit", "view"], coalesce(entry.policy, "view"))])
    error_message = "access_entries: policy must be cluster-admin, admin, edit, view or null."
  }
  validation {
    condition     = alltrue([for entry in var.access_entries : entry.policy != null || length(entry.groups) > 0])
    error_message = "access_entries: an entry without policy and groups may do nothing; give it one of them."
  }
  validation {
    condition     = alltrue([for entry in var.access_entries : length(entry.namespaces) == 0 || contains(["admin", "edit", "view"], coalesce(entry.policy, "none"))])
    error_message = "access_entries: namespaces go with the policies admin, edit and view."
  }
  validation {
    condition     = alltrue(flatten([for entry in var.access_entries : [for group in entry.groups : !startswith(group, "system:")]]))
    error_message = "access_entries: groups that begin with system: are Kubernetes' own; use a policy instead."
  }
  validation {
    condition     = anytrue([for entry in var.access_entries : coalesce(entry.policy, "none") == "cluster-admin"])
    error_message = "access_entries: at least one needs the policy cluster-admin, or nobody can administer the cluster."
  }
}

variable "control_plane_logs" {
  description = "What the control plane logs: api, audit, authenticator, controllerManager, scheduler. Audit is the largest part, and what an investigation needs."
  type        = set(string)
  default     = ["api", "audit", "authenticator", "controllerManager", "scheduler"]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.control_plane_logs, ["api", "audit", "authenticator", "controllerManager", "scheduler"])) == 0
    error_message = "control_plane_logs: each must be api, audit, authenticator, controllerManager or scheduler."
  }
  validation {
    condition     = contains(var.control_plane_logs, "audit") && contains(var.control_plane_logs, "authenticator")
    error_message = "control_plane_logs: audit and authenticator must be among them; without them nobody can tell who did what."
  }
}

variable "log_retention_days" {
  description = "Days that control-plane logs are kept; one of the periods CloudWatch Logs knows."
  type        = number
  default     = 365
  nullable    = false

  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: must be 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "addon_versions" {
  description = "Versions of add-ons by their names, such as { \"vpc-cni\" = \"v1.20.4-eksbuild.2\" }. AWS' default for the Kubernetes version where none is given."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.addon_versions), ["vpc-cni", "kube-proxy", "coredns", "eks-pod-identity-agent", "metrics-server"])) == 0
    error_message = "addon_versions: the add-ons are vpc-cni, kube-proxy, coredns, eks-pod-identity-agent and metrics-server."
  }
  validation {
    condition     = alltrue([for version in values(var.addon_versions) : can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", version))])
    error_message = "addon_versions: versions are written as v1.20.4-eksbuild.2; aws eks describe-addon-versions lists them."
  }
}
