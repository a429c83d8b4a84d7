resource "aws_ecr_repository" "this" {
  name = var.name
  # What was tested under a tag is what the tag means for ever.
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.production
  tags                 = var.tags

  image_scanning_configuration {
    scan_on_push = true
  }

  # The account's own key of ECR; images hold no secret, so a key of their own would protect nothing.
  encryption_configuration {
    encryption_type = "KMS"
  }
}

resource "aws_ecr_lifecycle_policy" "this" {
  repository = aws_ecr_repository.this.name

  policy = jsonencode({
    rules = [
      {
        rulePriority = 1
        description  = "Images that no tag names"
        selection    = { tagStatus = "untagged", countType = "sinceImagePushed", countUnit = "days", countNumber = var.untagged_days }
        action       = { type = "expire" }
      },
      {
        rulePriority = 2
        description  = "All but the newest"
        selection    = { tagStatus = "tagged", tagPatternList = ["*"], countType = "imageCountMoreThan", countNumber = var.keep_images }
        action       = { type = "expire" }
      },
    ]
  })
}
