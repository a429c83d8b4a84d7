variable "identity" {
  description = "How pods get an IAM role: pod_identity (an agent on each node hands out credentials) or irsa (STS takes a token of the cluster's issuer)."
  type        = string
  default     = "pod_identity"
  nullable    = false

  validation {
    condition     = contains(["pod_identity", "irsa"], var.identity)
    error_message = "identity: must be pod_identity or irsa."
  }
}

variable "pod_security_groups" {
  description = <<-TEXT
    Whether pods can have security groups of their own, and what these hold for:
    - standard: all traffic but that between pods and services of one node.
    - strict: all traffic. Excludes Pod Identity and NodeLocal DNSCache, whose link-local addresses pods then cannot reach.
    - off: pods have the groups of their node; database and cache then admit every pod.
  TEXT
  type        = string
  default     = "standard"
  nullable    = false

  validation {
    condition     = contains(["standard", "strict", "off"], var.pod_security_groups)
    error_message = "pod_security_groups: must be standard, strict or off."
  }
  # The agent answers at 169.254.170.23 on the node: https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html.
  # That it cannot be reached in strict mode: https://github.com/aws/amazon-vpc-resource-controller-k8s/issues/618.
  validation {
    condition     = !(var.pod_security_groups == "strict" && var.identity == "pod_identity")
    error_message = "pod_security_groups: strict excludes Pod Identity, since pods cannot reach the agent's link-local address. Set identity to irsa, or pod_security_groups to standard."
  }
  # https://docs.aws.amazon.com/eks/latest/userguide/security-groups-for-pods.html
  validation {
    condition     = !(var.pod_security_groups == "strict" && var.node_local_dns)
    error_message = "pod_security_groups: strict excludes NodeLocal DNSCache, whose link-local address pods cannot reach. Set node_local_dns to false, or pod_security_groups to standard."
  }
}

variable "node_local_dns" {
  description = "Whether NodeLocal DNSCache is to run in the cluster. It is not installed here; what goes with it is checked here."
  type        = bool
  default     = false
  nullable    = false
}

variable "pod_ports" {
  description = "TCP ports at which nodes reach the application's pods: probes of the kubelet, and pods without a security group of their own."
  type        = set(number)
  default     = [5000, 9090]
  nullable    = false

  validation {
    condition     = length(var.pod_ports) > 0 && alltrue([for port in var.pod_ports : port >= 1024 && port <= 65535 && floor(port) == port])
    error_message = "pod_ports: one port or more, each a whole number from 1024 to 65535; without them no probe succeeds."
  }
}

variable "pod_peer_ports" {
  description = "TCP ports at which the application's pods reach each other."
  type        = set(number)
  default     = [9090]
  nullable    = false

  validation {
    condition     = length(setsubtract(var.pod_peer_ports, var.pod_ports)) == 0
    error_message = "pod_peer_ports: each must be one of pod_ports."
  }
}

variable "pod_egress" {
  description = "What the application's pods may reach beside DNS and each other: TCP port and IPv4 network; the keys are names of your choice. What belongs to a module that opens its own port, as database, cache and edge do, is not listed here."
  type = map(object({
    port = number
    cidr = string
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for rule in var.pod_egress : rule.port >= 1 && rule.port <= 65535 && floor(rule.port) == rule.port])
    error_message = "pod_egress: port must be a whole number from 1 to 65535."
  }
  validation {
    condition     = alltrue([for rule in var.pod_egress : try(cidrsubnet(rule.cidr, 0, 0) == rule.cidr, false) && !strcontains(rule.cidr, ":")])
    error_message = "pod_egress: cidr must be an IPv4 network such as 10.0.16.0/20, begun at its first address."
  }
  validation {
    condition     = alltrue([for name in keys(var.pod_egress) : can(regex("^[a-z][a-z0-9-]*$", name))])
    error_message = "pod_egress: keys are names of a-z, 0-9 and - that say what is reached."
  }
}
