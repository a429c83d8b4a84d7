# ACM asks the same proof for one name in one account, whichever the region, so that one record serves both certificates. It stays,
# since renewals ask for it again: https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html.

resource "aws_acm_certificate" "load_balancer" {
  domain_name       = var.domain_name
  validation_method = "DNS"

  tags = merge(var.tags, { Name = var.name })

  # A listener holds on to the old one until it has another.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "proof" {
  zone_id = var.zone_id
  name    = one(aws_acm_certificate.load_balancer.domain_validation_options[*].resource_record_name)
  type    = one(aws_acm_certificate.load_balancer.domain_validation_options[*].resource_record_type)
  records = aws_acm_certificate.load_balancer.domain_validation_options[*].resource_record_value
  ttl     = 300
}

resource "aws_acm_certificate_validation" "load_balancer" {
  certificate_arn         = aws_acm_certificate.load_balancer.arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}

# Shown to clients by CloudFront, which takes certificates from us-east-1 alone.
resource "aws_acm_certificate" "cdn" {
  provider = aws.us_east_1
  count    = var.cdn ? 1 : 0

  domain_name       = var.domain_name
  validation_method = "DNS"

  tags = merge(var.tags, { Name = var.name })

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_acm_certificate_validation" "cdn" {
  provider = aws.us_east_1
  count    = var.cdn ? 1 : 0

  certificate_arn         = aws_acm_certificate.cdn[0].arn
  validation_record_fqdns = [aws_route53_record.proof.fqdn]
}
