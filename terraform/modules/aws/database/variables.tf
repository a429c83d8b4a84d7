variable "name" {
  description = "Name of the instance, and the beginning of every other name here; each database in a region needs its own."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](?:-?[a-z0-9])*$", var.name)) && length(var.name) <= 40
    error_message = "name: must be at most 40 lower-case letters, digits and single hyphens, and begin with a letter, as RDS identifiers do"
  }
}

variable "tags" {
  description = "Tags of everything made here, beside those of the provider."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "production" {
  description = "Whether people would miss the data. If so, anything less than a standby, a week of backups and protection from deletion is refused, and a final snapshot stays after a destroy."
  type        = bool
  default     = true
  nullable    = false
}

# Where it is.

variable "vpc_id" {
  description = "Id of the VPC (vpc-…)."
  type        = string
  nullable    = false
}

variable "subnet_ids" {
  description = "Ids of the private subnets for the database, one an availability zone."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "subnet_ids: give at least 2 different subnets in different zones; RDS makes no subnet group of less"
  }
}

variable "client_security_group_id" {
  description = "Id of the one security group that may connect (sg-…): that of the service's pods."
  type        = string
  nullable    = false
}

# Who may log in.

variable "authentication" {
  description = "What the service shows the server: iam, a token made with the role of its pods, so that no password exists; or password, from a secret that someone else keeps."
  type        = string
  default     = "iam"
  nullable    = false

  validation {
    condition     = contains(["iam", "password"], var.authentication)
    error_message = "authentication: must be iam or password"
  }
}

variable "password_secret_arn" {
  description = "ARN of the secret in Secrets Manager that holds the service's password as its whole text; for authentication = password only. Terraform never reads or writes its content."
  type        = string
  default     = null

  validation {
    condition     = var.authentication != "password" || var.password_secret_arn != null
    error_message = "password_secret_arn: authentication = password needs a secret; make one outside Terraform (aws secretsmanager create-secret) and give its ARN, or use authentication = iam, which needs none"
  }
  validation {
    condition     = var.authentication != "iam" || var.password_secret_arn == null
    error_message = "password_secret_arn: given together with authentication = iam, which uses no password; leave one of them out"
  }
  validation {
    condition     = var.password_secret_arn == null ? true : can(regex("^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]+$", var.password_secret_arn))
    error_message = "password_secret_arn: must be the ARN of one secret, arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX, without a wildcard; a password does not belong here"
  }
}

variable "database_name" {
  description = "Name of the database that the service uses."
  type        = string
  default     = "myapp"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.database_name))
    error_message = "database_name: must be at most 63 lower-case letters, digits and _, and begin with a letter"
  }
}

variable "user" {
  description = "Name of the role in the database that the service logs in as. sql/app-role.sql makes it."
  type        = string
  default     = "myapp"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,62}$", var.user))
    error_message = "user: must be at most 63 lower-case letters, digits and _, and begin with a letter"
  }
  validation {
    condition     = !startswith(var.user, "rds") && !startswith(var.user, "pg_") && var.user != var.master_username
    error_message = "user: must not be the administrator, nor begin with rds or pg_, which belong to the server; the service owns its tables and nothing else"
  }
}

variable "master_username" {
  description = "Name of the administrator that RDS makes. Its password is made, kept and changed by RDS in Secrets Manager."
  type        = string
  default     = "administrator"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9_]{0,15}$", var.master_username)) && !contains(["admin", "rdsadmin", "postgres"], var.master_username)
    error_message = "master_username: must be at most 16 lower-case letters, digits and _, begin with a letter, and not be admin, rdsadmin or postgres"
  }
}

# The engine.

variable "engine_major_version" {
  description = "Major version of PostgreSQL. RDS chooses the minor one and raises it in the maintenance window."
  type        = number
  default     = 17
  nullable    = false

  validation {
    condition     = contains([15, 16, 17, 18], var.engine_major_version)
    error_message = "engine_major_version: must be 15, 16, 17 or 18"
  }
}

variable "allow_major_version_upgrade" {
  description = "Lets the next apply raise the major version. The upgrade is an outage of minutes, with snapshots before and after."
  type        = bool
  default     = false
  nullable    = false
}

variable "instance_class" {
  description = "Class of the instance and its standby, such as db.t4g.medium."
  type        = string
  default     = "db.t4g.medium"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "instance_class: must be a class of RDS such as db.t4g.medium or db.m7g.large"
  }
}

variable "storage_gib" {
  description = "Storage at first, in GiB (gp3)."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.storage_gib >= 20 && var.storage_gib <= 65536 && floor(var.storage_gib) == var.storage_gib
    error_message = "storage_gib: must be a whole number from 20 to 65536"
  }
}

variable "storage_max_gib" {
  description = "How far RDS may let the storage grow by itself, in GiB. It never shrinks."
  type        = number
  default     = 100
  nullable    = false

  # RDS refuses a limit that leaves less than a tenth for growth.
  validation {
    condition     = var.storage_max_gib >= ceil(1.1 * var.storage_gib) && floor(var.storage_max_gib) == var.storage_max_gib
    error_message = "storage_max_gib: must be a whole number, at least a tenth more than storage_gib (${var.storage_gib})"
  }
}

variable "ca_certificate" {
  description = "Which authority of RDS signs the server's certificate. The regional bundle (output ca_bundle_url) has all of them."
  type        = string
  default     = "rds-ca-rsa2048-g1"
  nullable    = false

  validation {
    condition     = contains(["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"], var.ca_certificate)
    error_message = "ca_certificate: must be rds-ca-rsa2048-g1, rds-ca-rsa4096-g1 or rds-ca-ecc384-g1"
  }
}

# What survives.

variable "multi_az" {
  description = "Keeps a standby in another zone, which takes over within a minute or two."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.multi_az || !var.production
    error_message = "multi_az: production needs a standby in another zone; leave multi_az out, or say production = false"
  }
}

variable "backup_retention_days" {
  description = "Days to which the database can be restored, to the second; 1 to 35."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35 && floor(var.backup_retention_days) == var.backup_retention_days
    error_message = "backup_retention_days: must be a whole number from 1 to 35"
  }
  validation {
    condition     = var.backup_retention_days >= 7 || !var.production
    error_message = "backup_retention_days: production needs at least 7, so that a fault found after a weekend can be undone; or say production = false"
  }
}

variable "deletion_protection" {
  description = "Makes AWS refuse to delete the instance. Take it away in an apply of its own before a destroy."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.deletion_protection || !var.production
    error_message = "deletion_protection: production needs it; say production = false in an apply of its own before a destroy"
  }
}

variable "backup_window" {
  description = "When the daily snapshot is taken, UTC, hh:mm-hh:mm, 30 minutes at least."
  type        = string
  default     = "02:00-03:00"
  nullable    = false

  validation {
    condition     = can(regex("^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]):[0-5][0-9]$", var.backup_window))
    error_message = "backup_window: must be two times of the day in UTC, such as 02:00-03:00"
  }
}

variable "maintenance_window" {
  description = "When RDS may raise the minor version, UTC, ddd:hh:mm-ddd:hh:mm; not during the backup."
  type        = string
  default     = "sun:03:30-sun:04:30"
  nullable    = false

  validation {
    condition     = can(regex("^(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):([01][0-9]|2[0-3]):[0-5][0-9]$", var.maintenance_window))
    error_message = "maintenance_window: must be two times of the week in UTC, such as sun:03:30-sun:04:30"
  }
}

variable "apply_immediately" {
  description = "Makes changes at once that could wait for the maintenance window; some of them restart the server."
  type        = bool
  default     = false
  nullable    = false
}

# What is seen.

variable "performance_insights_days" {
  description = "Days for which Performance Insights keeps what the database waited for: 7 (without charge), or 31 times 1 to 23, or 731; null switches it off."
  type        = number
  default     = 7

  validation {
    condition     = var.performance_insights_days == null ? true : contains(concat([7, 731], [for month in range(1, 24) : 31 * month]), var.performance_insights_days)
    error_message = "performance_insights_days: must be 7, a multiple of 31 up to 713, 731, or null"
  }
}

variable "monitoring_seconds" {
  description = "Seconds between two readings of Enhanced Monitoring (processes and memory of the machine); 0 switches it off."
  type        = number
  default     = 60
  nullable    = false

  validation {
    condition     = contains([0, 1, 5, 10, 15, 30, 60], var.monitoring_seconds)
    error_message = "monitoring_seconds: must be 0, 1, 5, 10, 15, 30 or 60"
  }
}

variable "log_retention_days" {
  description = "Days for which CloudWatch keeps the server's log."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days: must be a retention that CloudWatch has, such as 7, 30, 90, 365 or 731"
  }
}

variable "slow_statement_milliseconds" {
  description = "Statements that take longer are logged, with their text and without their parameters; -1 logs none."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.slow_statement_milliseconds >= -1 && floor(var.slow_statement_milliseconds) == var.slow_statement_milliseconds
    error_message = "slow_statement_milliseconds: must be a whole number, or -1 for none"
  }
}
