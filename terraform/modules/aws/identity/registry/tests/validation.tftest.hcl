# Each condition of each input refuses what it is there for.

mock_provider "aws" {
  source          = "../../mocks"
  override_during = plan
}

variables {
  name = "shop"
}

run "a_name_with_capitals_is_refused" {
  command = plan

  variables {
    name = "Shop"
  }

  expect_failures = [var.name]
}

run "a_name_of_one_letter_is_refused" {
  command = plan

  variables {
    name = "s"
  }

  expect_failures = [var.name]
}

run "too_few_images_for_a_rollback_are_refused" {
  command = plan

  variables {
    keep_images = 4
  }

  expect_failures = [var.keep_images]
}

run "a_part_of_an_image_is_refused" {
  command = plan

  variables {
    keep_images = 5.5
  }

  expect_failures = [var.keep_images]
}

run "images_deleted_at_once_are_refused" {
  command = plan

  variables {
    untagged_days = 0
  }

  expect_failures = [var.untagged_days]
}
