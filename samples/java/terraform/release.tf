# The Helm release of javaapp, and the Secret that it reads. The settings are inputs: settings.tf.

terraform {
  # 1.11 has write-only arguments; 1.11.0 could crash on an ephemeral value in one.
  required_version = ">= 1.11.1"

  required_providers {
    helm = {
      source  = "hashicorp/helm"
      version = "~> 3.1"
    }
    kubernetes = {
      source = "hashicorp/kubernetes"
      # Earlier ones report an identity error for Secrets with write-only data.
      version = ">= 3.2.1, < 4.0.0"
    }
  }
}

variable "name" {
  description = "Name of the release."
  type        = string
  default     = "javaapp"
  nullable    = false
}

variable "namespace" {
  description = "Namespace of the release, which exists."
  type        = string
  nullable    = false
}

variable "chart" {
  description = "Folder of the chart, relative to where Terraform runs, or an OCI reference."
  type        = string
  nullable    = false
}

variable "secret_revision" {
  description = "A number that grows when a secret changes: Terraform keeps no secret that it could compare."
  type        = number
  default     = 1
  nullable    = false
}

variable "values" {
  description = "Further values of the chart. Terraform and Helm store them: nothing secret belongs here."
  type        = any
  default     = {}
  nullable    = false
}

# The secrets' only way: written to the cluster, kept in no state or plan, and unknown to Helm.
resource "kubernetes_secret_v1" "settings" {
  metadata {
    name      = "${var.name}-secrets"
    namespace = var.namespace
  }

  data_wo          = local.secrets
  data_wo_revision = var.secret_revision
}

resource "helm_release" "this" {
  name      = var.name
  namespace = var.namespace
  chart     = var.chart
  values = [yamlencode(merge(var.values, {
    config         = merge(try(var.values.config, {}), local.settings)
    existingSecret = kubernetes_secret_v1.settings.metadata[0].name
    secretRevision = tostring(var.secret_revision)
  }))]

  atomic          = true
  wait            = true
  cleanup_on_fail = true

  lifecycle {
    # confpath generate: begin preconditions
    # confpath generate: end preconditions
  }
}
