# Where the secrets go, and where they do not.

mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  name           = "shop"
  secret_key     = "marked-secret-key"
  db_password    = "marked-db-password"
  db_user        = "marked-db-user"
  cache_password = "marked-cache-password"
  cache_user     = "marked-cache-user"
}

# An ephemeral value becomes null here; any other would stay, and be in state and plan.
run "the_secrets_are_ephemeral" {
  command = plan

  assert {
    condition     = ephemeralasnull(var.secret_key) == null
    error_message = "secret_key must be declared ephemeral = true: without it its value is stored in state and plan"
  }
  assert {
    condition     = ephemeralasnull(var.db_password) == null
    error_message = "db_password must be declared ephemeral = true: without it its value is stored in state and plan"
  }
  assert {
    condition     = ephemeralasnull(var.db_user) == null
    error_message = "db_user must be declared ephemeral = true: without it its value is stored in state and plan"
  }
  assert {
    condition     = ephemeralasnull(var.cache_password) == null
    error_message = "cache_password must be declared ephemeral = true: without it its value is stored in state and plan"
  }
  assert {
    condition     = ephemeralasnull(var.cache_user) == null
    error_message = "cache_user must be declared ephemeral = true: without it its value is stored in state and plan"
  }
}

run "the_secret_gets_all_values_under_the_names_of_the_settings" {
  command = apply

  assert {
    condition = local.secrets == {
      SECRET_KEY     = "marked-secret-key"
      DB_PASSWORD    = "marked-db-password"
      DB_USER        = "marked-db-user"
      CACHE_PASSWORD = "marked-cache-password"
      CACHE_USER     = "marked-cache-user"
    }
    error_message = "the Secret must hold SECRET_KEY, and passwords and users of database and cache"
  }
}

run "nothing_that_is_stored_holds_a_secret" {
  command = apply

  assert {
    condition     = !strcontains(jsonencode(kubernetes_secret_v1.myapp), "marked-")
    error_message = "the Secret's values may be in data_wo only, which is never stored"
  }
  assert {
    condition     = !strcontains(jsonencode(helm_release.myapp), "marked-")
    error_message = "Helm must not learn a secret"
  }
  assert {
    condition     = strcontains(jsonencode(helm_release.myapp), "shop-secrets")
    error_message = "the search above must be able to find what is there"
  }
}

run "helm_learns_the_secrets_name_and_revision" {
  command = plan

  variables {
    secret_revision = 7
  }

  assert {
    condition     = output.release_values.existingSecret == kubernetes_secret_v1.myapp.metadata[0].name
    error_message = "the chart must use the Secret that this module makes"
  }
  assert {
    condition     = output.release_values.secretRevision == "7" && kubernetes_secret_v1.myapp.data_wo_revision == 7
    error_message = "Secret and pods must follow secret_revision"
  }
}

run "passwords_and_users_that_are_not_given_are_no_keys_of_the_secret" {
  command = plan

  variables {
    db_password    = null
    db_user        = null
    cache_password = null
    cache_user     = null
  }

  assert {
    condition     = keys(local.secrets) == ["SECRET_KEY"]
    error_message = "a null password or user must not become a key"
  }
}

run "at_first" {
  command = apply
}

run "a_bump_changes_the_revision_and_nothing_else" {
  command = apply

  variables {
    secret_revision = 2
  }

  assert {
    condition     = kubernetes_secret_v1.myapp.data_wo_revision == 2
    error_message = "the Secret must be written anew"
  }
  assert {
    condition     = output.release_values == merge(run.at_first.release_values, { secretRevision = "2" })
    error_message = "of the values secretRevision alone must change"
  }
  assert {
    condition     = [output.name, output.namespace, output.secret_name] == [run.at_first.name, run.at_first.namespace, run.at_first.secret_name]
    error_message = "nothing may be replaced"
  }
}
