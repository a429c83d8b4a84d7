# Several instances in one env.

mock_provider "helm" {}
mock_provider "kubernetes" {}

run "two_instances_share_no_name" {
  command = plan

  module {
    source = "./tests/two-instances"
  }

  assert {
    condition     = length(distinct([for instance in output.instances : instance.name])) == 2
    error_message = "each release has its own name"
  }
  assert {
    condition     = length(distinct([for instance in output.instances : instance.secret_name])) == 2
    error_message = "each instance has its own Secret"
  }
  assert {
    condition     = alltrue([for instance in output.instances : instance.release_values.existingSecret == instance.secret_name])
    error_message = "each release uses its own Secret"
  }
  # An override would give two releases the same object names.
  assert {
    condition     = alltrue([for instance in output.instances : length(setintersection(keys(instance.release_values), ["nameOverride", "fullnameOverride"])) == 0])
    error_message = "objects are named after the release"
  }
}
