variable "myapp_secret_key" {
  description = "Secret Key for MyApp"
  type        = string
  nullable    = false
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.myapp_secret_key != ""
    error_message = "The secret key is empty: type one when asked (openssl rand -hex 32 makes one), or set TF_VAR_myapp_secret_key."
  }
}

variable "myapp_db_password" {
  description = "Database Password for MyApp"
  type        = string
  nullable    = false
  sensitive   = true
  ephemeral   = true

  validation {
    condition     = var.myapp_db_password != ""
    error_message = "The database password is empty: type one when asked, or set TF_VAR_myapp_db_password. SQLite does not ask for it, so any text will do here."
  }
}

variable "kubeconfig" {
  description = "File with the way to the cluster."
  type        = string
  default     = "~/.kube/config"
  nullable    = false

  validation {
    condition     = fileexists(pathexpand(var.kubeconfig))
    error_message = "There is no ${pathexpand(var.kubeconfig)}: start a cluster first (minikube start), or name its file with -var kubeconfig=FILE."
  }
}

variable "kube_context" {
  description = "Context in the kubeconfig: the cluster to deploy to."
  type        = string
  default     = "minikube"
  nullable    = false

  # Named here, since the providers only say that there is no such context, or no configuration at all.
  validation {
    condition     = contains(local.contexts, var.kube_context)
    error_message = "${pathexpand(var.kubeconfig)} has no context \"${var.kube_context}\", only: ${join(", ", local.contexts)}. Start minikube, or choose one with -var kube_context=NAME."
  }
}

locals {
  contexts = try(yamldecode(file(pathexpand(var.kubeconfig))).contexts[*].name, [])
}
