# Access logs of load balancer and CloudFront, in a bucket of their own.

locals {
  account = data.aws_caller_identity.current.account_id
}

resource "aws_s3_bucket" "logs" {
  # Bucket names are shared by everyone.
  bucket        = "${var.name}-edge-logs-${local.account}-${data.aws_region.current.id}"
  force_destroy = !var.deletion_protection

  tags = merge(var.tags, { Name = "${var.name}-edge-logs" })
}

resource "aws_s3_bucket_public_access_block" "logs" {
  bucket = aws_s3_bucket.logs.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    apply_server_side_encryption_by_default {
      # An application load balancer can write with S3's own keys only:
      # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
      sse_algorithm = "AES256"
    }
  }
}

# Whoever may delete an entry leaves it to be found for a while.
resource "aws_s3_bucket_versioning" "logs" {
  bucket = aws_s3_bucket.logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  bucket = aws_s3_bucket.logs.id

  rule {
    id     = "retention"
    status = "Enabled"

    filter {}

    expiration {
      days = var.log_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.logs]
}

resource "aws_s3_bucket_policy" "logs" {
  bucket = aws_s3_bucket.logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyEncryptedConnections"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [aws_s3_bucket.logs.arn, "${aws_s3_bucket.logs.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # Only load balancers of an account write below its number:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
        Sid       = "ApplicationLoadBalancer"
        Effect    = "Allow"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${aws_s3_bucket.logs.arn}/load-balancer/AWSLogs/${local.account}/*"
      },
      {
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/enable-access-logs.html and
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html
        Sid       = "NetworkLoadBalancerAndCloudFront"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource = [
          "${aws_s3_bucket.logs.arn}/load-balancer/AWSLogs/${local.account}/*",
          "${aws_s3_bucket.logs.arn}/cdn/AWSLogs/${local.account}/*",
        ]
        Condition = { StringEquals = {
          "aws:SourceAccount" = local.account
          "s3:x-amz-acl"      = "bucket-owner-full-control"
        } }
      },
      {
        Sid       = "NetworkLoadBalancerAsksFirst"
        Effect    = "Allow"
        Principal = { Service = "delivery.logs.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.logs.arn
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })

  # S3 refuses to do both at once.
  depends_on = [aws_s3_bucket_public_access_block.logs]
}

# CloudFront's logs are delivered by CloudWatch of us-east-1; the bucket may be in any region.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/standard-logging.html
resource "aws_cloudwatch_log_delivery_source" "cdn" {
  provider = aws.us_east_1
  count    = var.cdn ? 1 : 0

  name         = "${var.name}-cdn"
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.cdn[0].arn

  tags = merge(var.tags, { Name = "${var.name}-cdn" })
}

resource "aws_cloudwatch_log_delivery_destination" "cdn" {
  provider = aws.us_east_1
  count    = var.cdn ? 1 : 0

  name          = "${var.name}-cdn"
  output_format = "json"

  delivery_destination_configuration {
    destination_resource_arn = "${aws_s3_bucket.logs.arn}/cdn"
  }

  tags = merge(var.tags, { Name = "${var.name}-cdn" })
}

resource "aws_cloudwatch_log_delivery" "cdn" {
  provider = aws.us_east_1
  count    = var.cdn ? 1 : 0

  delivery_source_name     = aws_cloudwatch_log_delivery_source.cdn[0].name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.cdn[0].arn

  tags = merge(var.tags, { Name = "${var.name}-cdn" })

  # Otherwise CloudWatch would write a policy of its own, and each plan would take it back.
  depends_on = [aws_s3_bucket_policy.logs]
}
