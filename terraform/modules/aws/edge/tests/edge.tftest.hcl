# What stands between clients and pods, in each of the ways it can be built.

mock_provider "aws" {
  source = "../mocks/base"
}

mock_provider "aws" {
  alias  = "us_east_1"
  source = "../mocks/base"
}

variables {
  name                  = "shop"
  tags                  = { team = "shop" }
  vpc_id                = "vpc-1"
  public_subnet_ids     = ["subnet-public-a", "subnet-public-b", "subnet-public-c"]
  private_subnet_ids    = ["subnet-nodes-a", "subnet-nodes-b", "subnet-nodes-c"]
  domain_name           = "shop.example.com"
  zone_id               = "Z0123456789"
  pod_security_group_id = "sg-pods"
  # Only the tests about it make one.
  waf = "none"
}

run "an_alb_has_its_firewall_on_it" {
  command = apply

  variables {
    waf = "alb"
  }

  assert {
    condition     = aws_lb.edge.load_balancer_type == "application" && aws_lb.edge.internal == false && aws_lb.edge.subnets == toset(var.public_subnet_ids)
    error_message = "an application load balancer in public subnets"
  }
  assert {
    condition     = aws_lb.edge.drop_invalid_header_fields && aws_lb.edge.desync_mitigation_mode == "strictest" && aws_lb.edge.enable_deletion_protection
    error_message = "it lets nothing ambiguous through, and is not deleted by accident"
  }
  assert {
    condition     = aws_wafv2_web_acl_association.load_balancer[0].resource_arn == aws_lb.edge.arn && aws_wafv2_web_acl_association.load_balancer[0].web_acl_arn == module.firewall_of_load_balancer[0].arn
    error_message = "the firewall sits on it"
  }
  assert {
    condition     = length(aws_cloudfront_distribution.cdn) + length(aws_cloudfront_vpc_origin.load_balancer) + length(aws_acm_certificate.cdn) + length(module.firewall_of_cdn) + length(aws_route53_record.ipv6) + length(aws_cloudwatch_log_delivery.cdn) == 0
    error_message = "nothing of CloudFront is there"
  }
  assert {
    condition     = one(aws_route53_record.ipv4.alias).name == aws_lb.edge.dns_name && one(aws_route53_record.ipv4.alias).zone_id == aws_lb.edge.zone_id && aws_route53_record.ipv4.name == "shop.example.com"
    error_message = "the name leads to it"
  }
  assert {
    condition     = output.url == "https://shop.example.com" && output.distribution_id == null && output.target_group_arn == aws_lb_target_group.pods.arn
    error_message = "outputs say where things are"
  }
}

run "clients_reach_the_load_balancer_by_https_and_are_sent_there" {
  command = apply

  assert {
    condition     = [aws_lb_listener.https.port, aws_lb_listener.https.protocol, aws_lb_listener.https.ssl_policy] == [443, "HTTPS", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"]
    error_message = "TLS 1.2 or 1.3"
  }
  assert {
    condition     = aws_lb_listener.https.default_action[0].target_group_arn == aws_lb_target_group.pods.arn && aws_lb_listener.https.certificate_arn == aws_acm_certificate_validation.load_balancer.certificate_arn
    error_message = "requests go to pods, under a certificate that was proved"
  }
  assert {
    condition     = [aws_lb_listener.redirect[0].port, aws_lb_listener.redirect[0].default_action[0].type, aws_lb_listener.redirect[0].default_action[0].redirect[0].protocol, aws_lb_listener.redirect[0].default_action[0].redirect[0].status_code] == [80, "redirect", "HTTPS", "HTTP_301"]
    error_message = "HTTP answers with where to go"
  }
}

run "the_load_balancer_admits_clients_and_reaches_pods_alone" {
  command = apply

  variables {
    client_cidrs = ["203.0.113.0/24", "198.51.100.0/24"]
  }

  assert {
    condition = { for key, rule in aws_vpc_security_group_ingress_rule.https : key => [rule.security_group_id, rule.cidr_ipv4, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      for cidr in ["203.0.113.0/24", "198.51.100.0/24"] : cidr => [aws_security_group.load_balancer.id, cidr, "tcp", 443, 443]
    }
    error_message = "HTTPS from those named"
  }
  assert {
    condition = { for key, rule in aws_vpc_security_group_ingress_rule.redirect : key => [rule.security_group_id, rule.cidr_ipv4, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      for cidr in ["203.0.113.0/24", "198.51.100.0/24"] : cidr => [aws_security_group.load_balancer.id, cidr, "tcp", 80, 80]
    }
    error_message = "HTTP from those named, for the redirect"
  }
  assert {
    condition = [for rule in [aws_vpc_security_group_egress_rule.pods] : [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port]] == [
      [aws_security_group.load_balancer.id, "sg-pods", "tcp", 5000, 5000]
    ]
    error_message = "it reaches pods at their port"
  }
  assert {
    condition = [for rule in [aws_vpc_security_group_ingress_rule.pods] : [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port]] == [
      ["sg-pods", aws_security_group.load_balancer.id, "tcp", 5000, 5000]
    ]
    error_message = "pods admit it at their port"
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.cloudfront) == 0 && aws_lb.edge.security_groups == toset([aws_security_group.load_balancer.id])
    error_message = "no other group, and no other rule"
  }
}

run "pods_are_registered_by_address" {
  command = apply

  variables {
    pod_port = 8443
  }

  assert {
    condition     = [aws_lb_target_group.pods.target_type, aws_lb_target_group.pods.protocol, aws_lb_target_group.pods.name] == ["ip", "HTTP", "shop-a8443"] && aws_lb_target_group.pods.port == 8443
    error_message = "the group is of addresses, and its name says what cannot be changed"
  }
  assert {
    condition     = [aws_lb_target_group.pods.health_check[0].path, aws_lb_target_group.pods.health_check[0].protocol, aws_lb_target_group.pods.health_check[0].matcher] == ["/readyz", "HTTP", "200"] && aws_lb_target_group.pods.deregistration_delay == "15"
    error_message = "readiness decides, and a leaving pod may finish"
  }
}

run "an_nlb_ends_tls_and_has_no_http" {
  command = apply

  variables {
    load_balancer = "nlb"
  }

  assert {
    condition     = aws_lb.edge.load_balancer_type == "network" && aws_lb.edge.enable_cross_zone_load_balancing
    error_message = "a network load balancer, which uses the pods of all zones"
  }
  assert {
    condition     = [aws_lb_listener.https.port, aws_lb_listener.https.protocol, aws_lb_listener.https.ssl_policy] == [443, "TLS", "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"]
    error_message = "TLS 1.2 or 1.3"
  }
  assert {
    condition     = length(aws_lb_listener.redirect) == 0 && length(aws_vpc_security_group_ingress_rule.redirect) == 0 && keys(aws_vpc_security_group_ingress_rule.https) == ["0.0.0.0/0"]
    error_message = "port 443 is open, and 80 is not"
  }
  assert {
    condition     = aws_lb_target_group.pods.protocol == "TCP" && aws_lb_target_group.pods.preserve_client_ip == "false" && aws_lb_target_group.pods.name == "shop-n5000"
    error_message = "pods see the load balancer, whose group they admit"
  }
  assert {
    condition     = aws_lb.edge.security_groups == toset([aws_security_group.load_balancer.id])
    error_message = "it has its group from the beginning"
  }
}

run "behind_cloudfront_the_load_balancer_has_no_public_address" {
  command = apply

  variables {
    cdn = true
  }

  assert {
    condition     = aws_lb.edge.internal && aws_lb.edge.subnets == toset(var.private_subnet_ids)
    error_message = "it is internal, in private subnets"
  }
  assert {
    condition     = [for rule in aws_vpc_security_group_ingress_rule.cloudfront : [rule.security_group_id, rule.prefix_list_id, rule.ip_protocol, rule.from_port, rule.to_port]] == [[aws_security_group.load_balancer.id, "pl-cloudfront", "tcp", 443, 443]]
    error_message = "CloudFront is admitted at 443"
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.https) + length(aws_vpc_security_group_ingress_rule.redirect) + length(aws_lb_listener.redirect) == 0
    error_message = "and nobody else"
  }
  assert {
    condition     = aws_cloudfront_vpc_origin.load_balancer[0].vpc_origin_endpoint_config[0].arn == aws_lb.edge.arn && aws_cloudfront_vpc_origin.load_balancer[0].vpc_origin_endpoint_config[0].origin_protocol_policy == "https-only"
    error_message = "CloudFront reaches it from within the network, encrypted"
  }
  assert {
    condition     = one(aws_cloudfront_distribution.cdn[0].origin).domain_name == aws_lb.edge.dns_name && one(one(aws_cloudfront_distribution.cdn[0].origin).vpc_origin_config).vpc_origin_id == aws_cloudfront_vpc_origin.load_balancer[0].id
    error_message = "the load balancer is the one origin"
  }
  assert {
    condition     = aws_cloudfront_distribution.cdn[0].web_acl_id == null && length(module.firewall_of_cdn) + length(module.firewall_of_load_balancer) + length(aws_wafv2_web_acl_association.load_balancer) == 0
    error_message = "without a firewall there is none"
  }
}

run "cloudfront_speaks_https_and_keeps_no_answers" {
  command = apply

  variables {
    cdn = true
    waf = "cdn"
  }

  assert {
    condition     = aws_cloudfront_distribution.cdn[0].viewer_certificate[0].minimum_protocol_version == "TLSv1.2_2021" && aws_cloudfront_distribution.cdn[0].default_cache_behavior[0].viewer_protocol_policy == "redirect-to-https"
    error_message = "TLS 1.2 or newer, and HTTP is sent there"
  }
  assert {
    condition     = aws_cloudfront_distribution.cdn[0].default_cache_behavior[0].cache_policy_id == local.caching_disabled && aws_cloudfront_distribution.cdn[0].default_cache_behavior[0].origin_request_policy_id == local.all_of_viewer
    error_message = "no caching, and the service gets the whole request"
  }
  assert {
    condition     = { for answer in aws_cloudfront_distribution.cdn[0].custom_error_response : answer.error_code => answer.error_caching_min_ttl } == { for code in [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504] : code => 0 }
    error_message = "one client's error is not another's answer"
  }
  assert {
    condition     = aws_cloudfront_distribution.cdn[0].web_acl_id == module.firewall_of_cdn[0].arn && length(module.firewall_of_load_balancer) == 0
    error_message = "the firewall sits on it"
  }
  assert {
    condition     = aws_cloudfront_distribution.cdn[0].aliases == toset(["shop.example.com"]) && aws_cloudfront_distribution.cdn[0].viewer_certificate[0].acm_certificate_arn == aws_acm_certificate_validation.cdn[0].certificate_arn
    error_message = "it answers to the name, under a certificate that was proved"
  }
  assert {
    condition     = alltrue([for record in [aws_route53_record.ipv4, aws_route53_record.ipv6[0]] : one(record.alias).name == "mock.cloudfront.net" && one(record.alias).zone_id == "ZCLOUDFRONT"]) && aws_route53_record.ipv6[0].type == "AAAA"
    error_message = "the name leads to it by both families"
  }
}
