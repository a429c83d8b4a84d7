# Tags that stay, images that are scanned, and an end for what nobody needs.

mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name = "shop"
}

run "a_tag_means_one_image_for_ever_and_each_is_scanned" {
  command = plan

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE" && aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "tags must be immutable, and images scanned"
  }
  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].encryption_type == "KMS"
    error_message = "images must be encrypted by KMS"
  }
}

run "old_images_go" {
  command = plan

  assert {
    condition     = [for rule in jsondecode(aws_ecr_lifecycle_policy.this.policy).rules : [rule.selection.tagStatus, tostring(rule.selection.countNumber)]] == [["untagged", "14"], ["tagged", "50"]]
    error_message = "policy: ${aws_ecr_lifecycle_policy.this.policy}"
  }
}

run "images_in_production_outlive_a_destroy_by_mistake" {
  command = plan

  assert {
    condition     = !aws_ecr_repository.this.force_delete
    error_message = "a repository with images must not be deleted"
  }
}
