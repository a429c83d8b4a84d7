# Inputs that are no settings; settings.tf has those.

variable "secret_revision" {
  description = "Raise by one whenever a secret changes: Terraform cannot see that they did. The Secret is written anew and the pods are replaced."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.secret_revision >= 1 && floor(var.secret_revision) == var.secret_revision
    error_message = "secret_revision: must be a whole number from 1"
  }
}

variable "expose_secrets" {
  description = "Shows secrets unmasked at /config on the public port; for a laptop only."
  type        = bool
  default     = false
  nullable    = false
}

variable "name" {
  description = "Name of the release; each instance in a namespace needs its own."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z](?:[a-z0-9-]*[a-z0-9])?$", var.name)) && length(var.name) <= 53
    error_message = "name: must be at most 53 lower-case letters, digits and hyphens, and begin with a letter, as Helm releases and Services do"
  }
}

variable "namespace" {
  description = "Namespace of the release and its Secret."
  type        = string
  default     = "default"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$", var.namespace)) && length(var.namespace) <= 63
    error_message = "namespace: must be at most 63 lower-case letters, digits and hyphens"
  }
}

variable "create_namespace" {
  description = "Makes the namespace, and on destroy removes it with everything in it. One instance in a namespace may do so."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !(var.create_namespace && var.namespace == "default")
    error_message = "create_namespace: the namespace \"default\" is always there; name another one, or leave create_namespace out"
  }
}

variable "replicas" {
  description = "Number of pods where autoscaling is null; null leaves it to someone else, such as KEDA."
  type        = number
  default     = 2

  validation {
    condition     = var.replicas == null ? true : var.replicas >= 0 && var.replicas <= 1000 && floor(var.replicas) == var.replicas
    error_message = "replicas: must be a whole number from 0 to 1000, or null to leave it to someone else"
  }
}

variable "autoscaling" {
  description = "A HorizontalPodAutoscaler between two numbers of pods; none where null. It aims at cpu_percent and memory_percent of what the pods request and at metrics, of which each may be left out; with none of them, at 80 % CPU. metrics and behavior are as in autoscaling/v2."
  type = object({
    min_replicas   = number
    max_replicas   = number
    cpu_percent    = optional(number)
    memory_percent = optional(number)
    metrics        = optional(any)
    behavior       = optional(any)
    annotations    = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.autoscaling == null ? true : alltrue([for count in [var.autoscaling.min_replicas, var.autoscaling.max_replicas] : count >= 1 && count <= 1000 && floor(count) == count])
    error_message = "autoscaling: min_replicas and max_replicas must be whole numbers from 1 to 1000"
  }
  validation {
    condition     = var.autoscaling == null ? true : var.autoscaling.min_replicas <= var.autoscaling.max_replicas
    error_message = "autoscaling: min_replicas is more than max_replicas"
  }
  validation {
    condition     = var.autoscaling == null ? true : alltrue([for percent in [var.autoscaling.cpu_percent, var.autoscaling.memory_percent] : percent == null ? true : percent >= 1 && floor(percent) == percent])
    error_message = "autoscaling: cpu_percent and memory_percent must be whole numbers from 1"
  }
  validation {
    condition     = var.autoscaling == null ? true : var.autoscaling.metrics == null ? true : can([for metric in var.autoscaling.metrics : metric.type])
    error_message = "autoscaling.metrics: must be a list of metrics, each with its type, as a HorizontalPodAutoscaler takes them"
  }
}

variable "image" {
  description = "The image, where the chart's own is not meant: repository, tag, digest (sha256:…, decides what runs), pull_policy."
  type = object({
    repository  = optional(string)
    tag         = optional(string)
    digest      = optional(string)
    pull_policy = optional(string)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.image.repository == null ? true : can(regex("^[a-zA-Z0-9][a-zA-Z0-9._:/-]*$", var.image.repository))
    error_message = "image.repository: must be an image name without tag, such as registry.example.com/team/myapp"
  }
  validation {
    condition     = var.image.tag == null ? true : can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image.tag))
    error_message = "image.tag: must be a tag such as 1.2.3"
  }
  validation {
    condition     = var.image.digest == null ? true : can(regex("^sha256:[0-9a-f]{64}$", var.image.digest))
    error_message = "image.digest: must be sha256: and 64 lower-case hexadecimal digits"
  }
  validation {
    condition     = var.image.pull_policy == null ? true : contains(["Always", "IfNotPresent", "Never"], var.image.pull_policy)
    error_message = "image.pull_policy: must be Always, IfNotPresent or Never"
  }
}

variable "chart" {
  description = "Folder of the chart, relative to where Terraform runs, or an OCI reference (oci://…) together with chart_version."
  type        = string
  default     = "../../../charts/myapp"
  nullable    = false

  validation {
    condition     = startswith(var.chart, "oci://") || fileexists("${var.chart}/Chart.yaml")
    error_message = "chart: there is no ${abspath(var.chart)}/Chart.yaml; give the chart's folder (relative to where Terraform runs), or oci://…"
  }
}

variable "chart_version" {
  description = "Version of a chart from a registry; null for a folder, whose Chart.yaml has it."
  type        = string
  default     = null

  validation {
    condition     = startswith(var.chart, "oci://") == (var.chart_version != null)
    error_message = "chart_version: an oci:// chart needs one, so that no apply installs what nobody chose; a folder has its own"
  }
}

variable "timeout_seconds" {
  description = "How long a rollout may take before it is rolled back. The rollback may take as long again."
  type        = number
  default     = 300
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 30 && floor(var.timeout_seconds) == var.timeout_seconds
    error_message = "timeout_seconds: must be a whole number from 30, since a pod may take that long to stop"
  }
}

variable "values" {
  description = "Further values of the chart, as in its values.yaml. Terraform and Helm store them: nothing secret belongs here."
  type        = any
  default     = {}
  nullable    = false

  validation {
    condition     = can(keys(var.values))
    error_message = "values: must be a map, as in the chart's values.yaml"
  }
  validation {
    condition     = length(setintersection(try(keys(var.values), []), local.own_values)) == 0
    error_message = "values: ${join(", ", local.own_values)} have inputs of their own"
  }
  validation {
    condition     = length(setsubtract(try(keys(var.values.config), []), ["delivery"])) == 0
    error_message = "values.config: may hold delivery only; settings have inputs of their own, and a secret given here would be stored"
  }
  validation {
    condition     = local.concealed.DATABASE_URL == null || !try(length(var.values.database.host) > 0, false)
    error_message = "values.database.host: given together with database_url; give one of them"
  }
  validation {
    condition     = var.db_password != null || !try(length(var.values.database.host) > 0, false) || try(length(var.values.database.existingSecret) > 0, false)
    error_message = "DB_PASSWORD: is required, since values.database.host names a server; give it, or a Secret that holds it as values.database.existingSecret"
  }
  validation {
    condition     = local.concealed.CACHE_URL == null || !try(length(var.values.cache.host) > 0, false)
    error_message = "values.cache.host: given together with cache_url; give one of them"
  }
}
