# CloudFront reaches the load balancer from within the network. A public one that admits CloudFront's addresses could be reached by
# anyone's distribution, past this one's firewall.
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-vpc-origins.html

locals {
  # AWS' own policies have the same ids everywhere.
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-origin-request-policies.html
  all_of_viewer = "216adef6-5c7f-47e4-b989-5492eafa07d3"
  # The answers CloudFront keeps for ten seconds unless told otherwise, even where caching is disabled.
  # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html
  cached_errors = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]
}

resource "aws_cloudfront_vpc_origin" "load_balancer" {
  count = var.cdn ? 1 : 0

  vpc_origin_endpoint_config {
    name                   = var.name
    arn                    = aws_lb.edge.arn
    http_port              = 80
    https_port             = 443
    origin_protocol_policy = "https-only"

    origin_ssl_protocols {
      items    = ["TLSv1.2"]
      quantity = 1
    }
  }

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_cloudfront_distribution" "cdn" {
  count = var.cdn ? 1 : 0

  enabled         = true
  comment         = var.name
  aliases         = [var.domain_name]
  http_version    = "http2and3"
  is_ipv6_enabled = true
  web_acl_id      = one(module.firewall_of_cdn[*].arn)

  origin {
    origin_id   = "load-balancer"
    domain_name = aws_lb.edge.dns_name

    vpc_origin_config {
      vpc_origin_id = aws_cloudfront_vpc_origin.load_balancer[0].id
    }
  }

  default_cache_behavior {
    target_origin_id       = "load-balancer"
    viewer_protocol_policy = "redirect-to-https"
    allowed_methods        = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods         = ["GET", "HEAD"]
    # It keeps no answers: they depend on who asks.
    cache_policy_id = local.caching_disabled
    # With the Host header, against which CloudFront checks the load balancer's certificate.
    origin_request_policy_id = local.all_of_viewer
  }

  dynamic "custom_error_response" {
    for_each = local.cached_errors

    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  viewer_certificate {
    acm_certificate_arn      = aws_acm_certificate_validation.cdn[0].certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  tags = merge(var.tags, { Name = var.name })
}
