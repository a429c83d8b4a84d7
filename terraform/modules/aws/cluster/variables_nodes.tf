variable "node_instance_types" {
  description = "Instance types of the nodes, all of one size and processor; several give a choice when one is sold out."
  type        = list(string)
  default     = ["m7i.large", "m6i.large"]
  nullable    = false

  validation {
    condition     = length(var.node_instance_types) > 0 && alltrue([for type in var.node_instance_types : can(regex("^[a-z0-9-]+\\.[a-z0-9-]+$", type))])
    error_message = "node_instance_types: at least one instance type such as m7i.large."
  }
  # In the names of families a g after the generation stands for Graviton: m7g, c6gn, t4g, and also x2gd, im4gn, g5g and a1.
  # https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
  validation {
    condition = alltrue([
      for type in var.node_instance_types : can(regex("^(?:a1|[a-z]+[0-9]+g[a-z]*)\\.", type)) == (var.node_architecture == "arm64")
    ])
    error_message = "node_instance_types: these do not have the processors of node_architecture ${var.node_architecture}: ${join(", ", [
      for type in var.node_instance_types : type
      if can(regex("^(?:a1|[a-z]+[0-9]+g[a-z]*)\\.", type)) != (var.node_architecture == "arm64")
    ])}."
  }
  # Families without IsTrunkingCompatible in
  # https://github.com/aws/amazon-vpc-resource-controller-k8s/blob/master/pkg/aws/vpc/limits.go as of March 2026, which
  # https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html refers to. Of i3 only the metal type has it.
  validation {
    condition = var.pod_security_groups == "off" || alltrue([
      for type in var.node_instance_types :
      !can(regex("^(?:c[134]|d2|f1|h1|i[23]|m[1-4]|p[23]|r[34]|t[0-9][a-z]*|u-6tb1|x1e?)\\.|^i4i\\.large$", type))
    ])
    error_message = "node_instance_types: these cannot give pods security groups of their own: ${join(", ", [
      for type in var.node_instance_types : type
      if can(regex("^(?:c[134]|d2|f1|h1|i[23]|m[1-4]|p[23]|r[34]|t[0-9][a-z]*|u-6tb1|x1e?)\\.|^i4i\\.large$", type))
    ])}. Take a newer family than t, such as m7i or m7g, or set pod_security_groups to off."
  }
}

variable "node_architecture" {
  description = "Processors of the nodes: x86_64 or arm64 (Graviton). Images must have been built for it."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.node_architecture)
    error_message = "node_architecture: must be x86_64 or arm64."
  }
}

variable "node_count" {
  description = "Least and most nodes. The group begins with the least; what changes it afterwards, such as an autoscaler, is left alone."
  type = object({
    min = number
    max = number
  })
  default  = { min = 3, max = 6 }
  nullable = false

  validation {
    condition     = var.node_count.min >= 3 && floor(var.node_count.min) == var.node_count.min
    error_message = "node_count: min must be a whole number of 3 or more, so that each of three zones has a node."
  }
  validation {
    condition     = var.node_count.max > var.node_count.min && var.node_count.max <= 450 && floor(var.node_count.max) == var.node_count.max
    error_message = "node_count: max must be a whole number above min, for the node that comes before one goes, and at most 450."
  }
}

variable "node_volume_gib" {
  description = "Size of each node's disk in GiB, for images, logs and scratch space of pods."
  type        = number
  default     = 50
  nullable    = false

  validation {
    condition     = var.node_volume_gib >= 20 && var.node_volume_gib <= 1000 && floor(var.node_volume_gib) == var.node_volume_gib
    error_message = "node_volume_gib: must be a whole number from 20 to 1000."
  }
}

variable "node_release_version" {
  description = "Release of the node image, such as 1.34.2-20260415. The newest at creation where null; a change replaces the nodes one by one."
  type        = string
  default     = null

  validation {
    condition     = var.node_release_version == null || can(regex("^1\\.[0-9]+\\.[0-9]+-[0-9]{8}$", var.node_release_version))
    error_message = "node_release_version: is written as 1.34.2-20260415."
  }
  validation {
    condition     = startswith(coalesce(var.node_release_version, "${var.kubernetes_version}."), "${var.kubernetes_version}.")
    error_message = "node_release_version: is of another Kubernetes than kubernetes_version ${var.kubernetes_version}."
  }
}
