# The env that the README walks through.

mock_provider "helm" {}
mock_provider "kubernetes" {}

variables {
  kubeconfig        = "tests/kubeconfig.yaml"
  myapp_secret_key  = "marked-secret-key"
  myapp_db_password = "marked-db-password"
}

# tests/release-values.json is also what the cluster tests install, so that it is known to answer as the README says.
run "helm_gets_the_pinned_values" {
  command = plan

  assert {
    condition     = output.releases.myapp_1.release_values == jsondecode(file("tests/release-values.json"))
    error_message = "release_values: ${jsonencode(output.releases.myapp_1.release_values)}"
  }
}

run "the_release_is_called_myapp" {
  command = plan

  assert {
    condition     = [output.releases.myapp_1.name, output.releases.myapp_1.namespace, output.releases.myapp_1.secret_name] == ["myapp", "default", "myapp-secrets"]
    error_message = "the commands of the README name it so"
  }
}

run "the_inputs_are_ephemeral" {
  command = plan

  assert {
    condition     = ephemeralasnull(var.myapp_secret_key) == null
    error_message = "myapp_secret_key must be declared ephemeral = true: without it its value is stored in saved plans"
  }
  assert {
    condition     = ephemeralasnull(var.myapp_db_password) == null
    error_message = "myapp_db_password must be declared ephemeral = true: without it its value is stored in saved plans"
  }
}

run "no_output_holds_a_secret" {
  command = apply

  assert {
    condition     = !strcontains(jsonencode(output.releases), "marked-")
    error_message = "outputs are stored and shown"
  }
  assert {
    condition     = strcontains(jsonencode(output.releases), "myapp-secrets")
    error_message = "the search above must be able to find what is there"
  }
}

run "an_empty_secret_key_is_refused" {
  command = plan

  variables {
    myapp_secret_key = ""
  }

  expect_failures = [var.myapp_secret_key]
}

run "an_empty_password_is_refused" {
  command = plan

  variables {
    myapp_db_password = ""
  }

  expect_failures = [var.myapp_db_password]
}

run "a_kubeconfig_that_is_not_there_is_refused" {
  command = plan

  variables {
    kubeconfig = "tests/missing.yaml"
  }

  expect_failures = [var.kubeconfig]
}

run "a_context_that_the_kubeconfig_does_not_have_is_refused" {
  command = plan

  variables {
    kube_context = "docker-desktop"
  }

  expect_failures = [var.kube_context]
}
