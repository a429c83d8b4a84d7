variable "name" {
  description = "Begins the name of everything made here, such as shop-production. 2 to 24 characters: a-z, 0-9 and -."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,22}[a-z0-9]$", var.name)) && !startswith(var.name, "internal-")
    error_message = "name: must be 2 to 24 characters of a-z, 0-9 and -, begin with a letter, not with internal-, and not end with -."
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

variable "load_balancer" {
  description = "Kind of the load balancer: alb (HTTP: redirects, WAF, CDN) or nlb (TCP with TLS: fixed addresses, no look into requests)."
  type        = string
  default     = "alb"
  nullable    = false

  validation {
    condition     = contains(["alb", "nlb"], var.load_balancer)
    error_message = "load_balancer: must be alb or nlb."
  }
}

variable "cdn" {
  description = "Whether CloudFront stands in front. The load balancer is then internal, and nothing but this account's CloudFront reaches it."
  type        = bool
  default     = false
  nullable    = false

  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html
  validation {
    condition     = !(var.cdn && var.load_balancer == "nlb")
    error_message = "cdn: CloudFront takes no internal network load balancer that ends TLS, and would have to send requests in the clear. Set load_balancer to alb."
  }
}

variable "waf" {
  description = "Where the web application firewall sits: alb, cdn or none."
  type        = string
  default     = "alb"
  nullable    = false

  validation {
    condition     = contains(["alb", "cdn", "none"], var.waf)
    error_message = "waf: must be alb, cdn or none."
  }
  # https://docs.aws.amazon.com/waf/latest/developerguide/how-aws-waf-works-resources.html
  validation {
    condition     = !(var.waf == "alb" && var.load_balancer == "nlb")
    error_message = "waf: a WAF cannot sit on a network load balancer, which does not see requests. Set load_balancer to alb, or waf to none."
  }
  validation {
    condition     = !(var.waf == "cdn" && !var.cdn)
    error_message = "waf: cdn needs cdn = true. Set waf to alb, or cdn to true."
  }
  validation {
    condition     = !(var.waf == "alb" && var.cdn)
    error_message = "waf: behind CloudFront a WAF on the load balancer sees CloudFront's addresses in place of the clients', and would count and block those. Set waf to cdn."
  }
}

variable "waf_rate_limit" {
  description = "Requests that one client address may make in five minutes before it is blocked for a while, 100 to 20000000. Without effect where waf is none."
  type        = number
  default     = 2000
  nullable    = false

  validation {
    condition     = var.waf_rate_limit >= 100 && var.waf_rate_limit <= 20000000 && floor(var.waf_rate_limit) == var.waf_rate_limit
    error_message = "waf_rate_limit: must be a whole number from 100 to 20000000."
  }
}

variable "vpc_id" {
  description = "Network of load balancer and pods."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id: must be the id of a VPC, such as vpc-0123456789abcdef0."
  }
}

variable "public_subnet_ids" {
  description = "Public subnets, for a load balancer that the internet reaches; one in each of three zones or more."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.public_subnet_ids)) >= 3
    error_message = "public_subnet_ids: three subnets or more, each in an availability zone of its own."
  }
}

variable "private_subnet_ids" {
  description = "Private subnets, for a load balancer behind CloudFront; one in each of three zones or more."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.private_subnet_ids)) >= 3
    error_message = "private_subnet_ids: three subnets or more, each in an availability zone of its own."
  }
}

variable "domain_name" {
  description = "Name by which clients reach the service, such as shop.example.com. Certificates are for it alone."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z]{2,63}$", var.domain_name)) && length(var.domain_name) <= 64
    error_message = "domain_name: must be a host name in lower case such as shop.example.com, of at most 64 characters."
  }
}

variable "zone_id" {
  description = "Id of the public Route 53 zone that holds domain_name, for its address and for the proof that the certificate asks for."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^Z[A-Z0-9]+$", var.zone_id))
    error_message = "zone_id: must be the id of a Route 53 zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "client_cidrs" {
  description = "Who may reach the load balancer: IPv4 networks. Without effect with cdn, where only CloudFront may."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.client_cidrs) > 0 && alltrue([for cidr in var.client_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false) && !strcontains(cidr, ":")])
    error_message = "client_cidrs: one IPv4 network or more, such as 203.0.113.0/24, each begun at its first address."
  }
  validation {
    condition     = !(var.cdn && var.client_cidrs != toset(["0.0.0.0/0"]))
    error_message = "client_cidrs: have no effect with cdn, where CloudFront is the only client. Leave them out, or set cdn to false."
  }
}

variable "pod_security_group_id" {
  description = "Security group of the pods. The load balancer is admitted to it at pod_port."
  type        = string
  nullable    = false
}

variable "pod_port" {
  description = "TCP port of the pods that takes requests."
  type        = number
  default     = 5000
  nullable    = false

  validation {
    condition     = var.pod_port >= 1024 && var.pod_port <= 65535 && floor(var.pod_port) == var.pod_port
    error_message = "pod_port: must be a whole number from 1024 to 65535."
  }
}

variable "health_check_path" {
  description = "Path at pod_port that answers 200 while the pod takes requests."
  type        = string
  default     = "/readyz"
  nullable    = false

  validation {
    condition     = startswith(var.health_check_path, "/")
    error_message = "health_check_path: must begin with /."
  }
}

variable "deregistration_delay_seconds" {
  description = "How long a leaving pod may finish requests, 0 to 300 seconds. No longer than the pod itself takes to stop, as the chart's drain says."
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition     = var.deregistration_delay_seconds >= 0 && var.deregistration_delay_seconds <= 300 && floor(var.deregistration_delay_seconds) == var.deregistration_delay_seconds
    error_message = "deregistration_delay_seconds: must be a whole number from 0 to 300."
  }
}

variable "log_retention_days" {
  description = "Days that access logs and logs of the WAF are kept; one of the periods CloudWatch Logs knows."
  type        = number
  default     = 365
  nullable    = false

  # https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: must be 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "deletion_protection" {
  description = "Whether load balancer and logs are kept from deletion. To destroy, apply with false first; the logs go, too."
  type        = bool
  default     = true
  nullable    = false
}
