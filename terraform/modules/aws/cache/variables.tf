variable "name" {
  description = "Name of the cache, and the beginning of every other name here; each cache in a region needs its own."
  type        = string
  nullable    = false

  # The ids of users and groups below append to it, and may have 40 characters as the cache itself.
  validation {
    condition     = can(regex("^[a-z](?:-?[a-z0-9])*$", var.name)) && length(var.name) <= 32
    error_message = "name: must be at most 32 lower-case letters, digits and single hyphens, and begin with a letter, as ElastiCache ids do"
  }
}

variable "tags" {
  description = "Tags of everything made here, beside those of the provider."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "production" {
  description = "Whether people would notice the cache going. If so, fewer than one replica is refused, and a final snapshot stays after a destroy."
  type        = bool
  default     = true
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC (vpc-…)."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Ids of the private subnets for the cache, one an availability zone."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "subnet_ids: give at least 2 different subnets in different zones, or no replica can take over when one fails"
  }
}

variable "client_security_group_id" {
  description = "Id of the one security group that may connect (sg-…): that of the service's pods."
  type        = string
  nullable    = false
}

variable "user" {
  description = "Name of the user that the service logs in as, with a token made with the role of its pods. Null: NAME-app."
  type        = string
  default     = null

  validation {
    condition     = var.user == null ? true : can(regex("^[a-z](?:-?[a-z0-9])*$", var.user)) && length(var.user) <= 40 && var.user != "default"
    error_message = "user: must be at most 40 lower-case letters, digits and single hyphens, begin with a letter, and not be default"
  }
}

variable "key_prefix" {
  description = "Beginning of the name of every key that the user may read and write, such as NAMESPACE/: the service's keys begin with NAMESPACE/FULLNAME."
  type        = string
  nullable    = false

  # No character of a pattern and no space, which would end it.
  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9:/._-]*$", var.key_prefix)) && length(var.key_prefix) <= 128
    error_message = "key_prefix: must be at most 128 letters, digits and :/._-, and begin with a letter or digit"
  }
}

variable "engine_version" {
  description = "Version of Valkey, as MAJOR.MINOR."
  type        = string
  default     = "8.0"
  nullable    = false

  # 7.2 is the first with IAM authentication.
  validation {
    condition     = contains(["7.2", "8.0", "8.1"], var.engine_version)
    error_message = "engine_version: must be 7.2, 8.0 or 8.1"
  }
}

variable "node_type" {
  description = "Type of each node, such as cache.t4g.small."
  type        = string
  default     = "cache.t4g.small"
  nullable    = false

  validation {
    condition     = can(regex("^cache\\.[a-z0-9-]+\\.[a-z0-9]+$", var.node_type))
    error_message = "node_type: must be a type of ElastiCache such as cache.t4g.small or cache.m7g.large"
  }
}

variable "replicas" {
  description = "Copies of the primary, in other zones. One of them takes over when the primary fails."
  type        = number
  default     = 2
  nullable    = false

  validation {
    condition     = var.replicas >= 0 && var.replicas <= 5 && floor(var.replicas) == var.replicas
    error_message = "replicas: must be a whole number from 0 to 5"
  }
  validation {
    condition     = var.replicas >= 1 || !var.production
    error_message = "replicas: production needs at least 1, so that one can take over; or say production = false"
  }
}

variable "snapshot_retention_days" {
  description = "Days for which daily snapshots are kept; 0 takes none. A cache that can be filled again needs few."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.snapshot_retention_days >= 0 && var.snapshot_retention_days <= 35 && floor(var.snapshot_retention_days) == var.snapshot_retention_days
    error_message = "snapshot_retention_days: must be a whole number from 0 to 35"
  }
}

variable "snapshot_window" {
  description = "When the daily snapshot is taken, UTC, hh:mm-hh:mm, one hour at least."
  type        = string
  default     = "02:00-03:00"
  nullable    = false

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.snapshot_window))
    error_message = "snapshot_window: must be two times of the day in UTC, such as 02:00-03:00"
  }
}

variable "maintenance_window" {
  description = "When ElastiCache may patch the nodes, UTC, ddd:hh:mm-ddd:hh:mm; not during the snapshot."
  type        = string
  default     = "sun:03:30-sun:04:30"
  nullable    = false

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window: must be two times of the week in UTC, such as sun:03:30-sun:04:30"
  }
}

variable "eviction" {
  description = "What goes when the memory is full, as Valkey's maxmemory-policy."
  type        = string
  default     = "volatile-lru"
  nullable    = false

  validation {
    condition     = contains(["volatile-lru", "allkeys-lru", "volatile-lfu", "allkeys-lfu", "volatile-random", "allkeys-random", "volatile-ttl", "noeviction"], var.eviction)
    error_message = "eviction: must be volatile-lru, allkeys-lru, volatile-lfu, allkeys-lfu, volatile-random, allkeys-random, volatile-ttl or noeviction"
  }
}

variable "apply_immediately" {
  description = "Makes changes at once that could wait for the maintenance window."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps the slow log and the engine's log."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: must be a retention that CloudWatch has, such as 7, 30, 90, 365 or 731"
  }
}
