resource "aws_ssm_parameter" "published" {
  for_each = {
    infra = {
      region                      = "eu-central-1"
      cluster_name                = "shop"
      vpc_id                      = "vpc-0bbbbbbbbbbbbbbbb"
      namespace                   = "myapp"
      service_account             = "myapp"
      pod_security_group_id       = "sg-0cccccccccccccccc"
      image_repository            = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop"
      database                    = { host = "shop.example.com", port = 5432, name = "myapp", user = "myapp", authentication = "iam", password_secret_arn = null, cidrs = ["10.0.3.0/24"] }
      cache                       = { host = "cache.example.com", reader_host = "reader.example.com", port = 6379, user = "shop-app", replication_group_id = "shop", cidrs = ["10.0.6.0/24"] }
      edge                        = { url = "https://shop.example.com", target_group_arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/shop/0123456789abcdef" }
      service_account_annotations = { service = {}, load_balancer_controller = {}, external_secrets = {} }
    }
    platform = {
      namespace  = "myapp"
      release    = "myapp"
      pod_labels = {}
      database   = { secret = null, secret_key = "password", ca_bundle = { config_map = "rds-ca", key = "ca.crt" } }
    }
  }

  name  = "/shop/${each.key}"
  type  = "String"
  value = jsonencode(each.value)
}
