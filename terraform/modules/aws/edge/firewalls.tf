module "firewall_of_load_balancer" {
  source = "./firewall"
  count  = var.waf == "alb" ? 1 : 0

  name               = "${var.name}-load-balancer"
  tags               = var.tags
  scope              = "REGIONAL"
  rate_limit         = var.waf_rate_limit
  log_retention_days = var.log_retention_days
}

resource "aws_wafv2_web_acl_association" "load_balancer" {
  count = var.waf == "alb" ? 1 : 0

  resource_arn = aws_lb.edge.arn
  web_acl_arn  = module.firewall_of_load_balancer[0].arn
}

# Of CloudFront, which knows web ACLs of us-east-1 alone. The distribution names it.
module "firewall_of_cdn" {
  source = "./firewall"
  count  = var.waf == "cdn" ? 1 : 0

  providers = { aws = aws.us_east_1 }

  name               = "${var.name}-cdn"
  tags               = var.tags
  scope              = "CLOUDFRONT"
  rate_limit         = var.waf_rate_limit
  log_retention_days = var.log_retention_days
}
