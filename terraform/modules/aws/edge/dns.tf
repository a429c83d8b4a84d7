resource "aws_route53_record" "ipv4" {
  zone_id = var.zone_id
  name    = var.domain_name
  type    = "A"

  alias {
    name                   = var.cdn ? aws_cloudfront_distribution.cdn[0].domain_name : aws_lb.edge.dns_name
    zone_id                = var.cdn ? aws_cloudfront_distribution.cdn[0].hosted_zone_id : aws_lb.edge.zone_id
    evaluate_target_health = !var.cdn
  }
}

# The load balancer has IPv4 addresses only.
resource "aws_route53_record" "ipv6" {
  count = var.cdn ? 1 : 0

  zone_id = var.zone_id
  name    = var.domain_name
  type    = "AAAA"

  alias {
    name                   = aws_cloudfront_distribution.cdn[0].domain_name
    zone_id                = aws_cloudfront_distribution.cdn[0].hosted_zone_id
    evaluate_target_health = false
  }
}
