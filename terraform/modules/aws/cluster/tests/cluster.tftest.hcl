# What the cluster is, and who reaches it.

mock_provider "aws" {
  source = "../mocks/base"
}

variables {
  name               = "shop"
  tags               = { team = "shop" }
  kubernetes_version = "1.34"
  vpc_id             = "vpc-1"
  vpc_cidr           = "10.0.0.0/16"
  subnet_ids         = ["subnet-a", "subnet-b", "subnet-c"]
  access_entries = {
    operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
  }
}

run "the_api_is_private_unless_asked_for" {
  command = apply

  assert {
    condition     = aws_eks_cluster.cluster.vpc_config[0].endpoint_private_access && !aws_eks_cluster.cluster.vpc_config[0].endpoint_public_access
    error_message = "reached from within the network only"
  }
}

run "a_public_api_is_open_to_those_named_only" {
  command = apply

  variables {
    public_access_cidrs = ["203.0.113.0/24"]
  }

  assert {
    condition     = aws_eks_cluster.cluster.vpc_config[0].endpoint_private_access && aws_eks_cluster.cluster.vpc_config[0].endpoint_public_access
    error_message = "reached from outside, and still from within"
  }
  assert {
    condition     = aws_eks_cluster.cluster.vpc_config[0].public_access_cidrs == toset(["203.0.113.0/24"])
    error_message = "open to those named"
  }
}

run "access_is_by_entries_alone" {
  command = apply

  variables {
    access_entries = {
      operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
      deploy    = { principal_arn = "arn:aws:iam::123456789012:role/deploy", policy = "edit", namespaces = ["shop"], groups = ["shop-deploy"] }
      watchers  = { principal_arn = "arn:aws:iam::123456789012:role/watchers", groups = ["watchers"] }
    }
  }

  assert {
    condition     = aws_eks_cluster.cluster.access_config[0].authentication_mode == "API" && aws_eks_cluster.cluster.access_config[0].bootstrap_cluster_creator_admin_permissions == false
    error_message = "no config map, and no rights for whoever made the cluster"
  }
  assert {
    condition     = { for name, entry in aws_eks_access_entry.entries : name => [entry.principal_arn, entry.kubernetes_groups] } == { for name, entry in var.access_entries : name => [entry.principal_arn, entry.groups] }
    error_message = "each entry is there with its groups"
  }
  assert {
    condition = { for name, entry in aws_eks_access_policy_association.entries : name => [entry.policy_arn, entry.access_scope[0].type] } == {
      operators = ["arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy", "cluster"]
      deploy    = ["arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy", "namespace"]
    }
    error_message = "policies hold where they are given for"
  }
  assert {
    condition     = aws_eks_access_policy_association.entries["deploy"].access_scope[0].namespaces == toset(["shop"])
    error_message = "the deploy role stays in its namespace"
  }
}

run "clients_within_the_network_are_admitted_at_the_api_port_alone" {
  command = apply

  variables {
    api_client_security_group_ids = { runner = "sg-runner" }
  }

  assert {
    condition = { for name, rule in aws_vpc_security_group_ingress_rule.api_clients : name => [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      runner = ["sg-cluster", "sg-runner", "tcp", 443, 443]
    }
    error_message = "the runner reaches the API server and nothing else"
  }
}

run "secrets_and_logs_are_encrypted_with_keys_of_their_own" {
  command = apply

  assert {
    condition     = one(aws_eks_cluster.cluster.encryption_config[0].resources) == "secrets" && aws_eks_cluster.cluster.encryption_config[0].provider[0].key_arn == aws_kms_key.secrets.arn
    error_message = "Secrets of Kubernetes are encrypted"
  }
  assert {
    condition     = aws_kms_key.secrets.enable_key_rotation && aws_kms_key.logs.enable_key_rotation && aws_cloudwatch_log_group.control_plane.kms_key_id == aws_kms_key.logs.arn
    error_message = "keys rotate, and logs have one"
  }
  assert {
    condition     = aws_cloudwatch_log_group.control_plane.name == "/aws/eks/shop/cluster" && aws_cloudwatch_log_group.control_plane.retention_in_days == 365
    error_message = "logs go where EKS writes them, for a year"
  }
  assert {
    condition = jsondecode(aws_kms_key.logs.policy).Statement[1].Condition == {
      ArnEquals = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:eu-central-1:123456789012:log-group:/aws/eks/shop/cluster" }
    }
    error_message = "CloudWatch may use the key for this group only"
  }
  assert {
    condition     = aws_eks_cluster.cluster.enabled_cluster_log_types == toset(["api", "audit", "authenticator", "controllerManager", "scheduler"])
    error_message = "everything the control plane says is kept"
  }
}

run "every_add_on_is_a_resource_with_a_version_to_choose" {
  command = apply

  variables {
    addon_versions = { coredns = "v1.12.4-eksbuild.1" }
  }

  assert {
    condition     = aws_eks_cluster.cluster.bootstrap_self_managed_addons == false
    error_message = "EKS installs nothing by itself"
  }
  assert {
    condition     = aws_eks_addon.coredns.addon_version == "v1.12.4-eksbuild.1"
    error_message = "a version given is taken"
  }
  assert {
    condition     = [aws_eks_addon.kube_proxy.addon_name, aws_eks_addon.metrics_server.addon_name, aws_eks_addon.coredns.addon_name] == ["kube-proxy", "metrics-server", "coredns"]
    error_message = "each is the one it is called"
  }
}
