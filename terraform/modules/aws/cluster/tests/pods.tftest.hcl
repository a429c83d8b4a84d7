# How pods get roles, and what their security group lets through.

mock_provider "aws" {
  source = "../mocks/base"
}

variables {
  name               = "shop"
  kubernetes_version = "1.34"
  vpc_id             = "vpc-1"
  vpc_cidr           = "10.0.0.0/16"
  subnet_ids         = ["subnet-a", "subnet-b", "subnet-c"]
  access_entries = {
    operators = { principal_arn = "arn:aws:iam::123456789012:role/operators", policy = "cluster-admin" }
  }
}

run "the_group_of_pods_lets_through_probes_peers_and_dns" {
  command = apply

  assert {
    condition = { for key, rule in aws_vpc_security_group_ingress_rule.pods_from_nodes : key => [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      for port in [5000, 9090] : tostring(port) => [aws_security_group.pods[0].id, "sg-cluster", "tcp", port, port]
    }
    error_message = "nodes reach the pods' ports"
  }
  assert {
    condition = alltrue([
      for rules in [aws_vpc_security_group_ingress_rule.pods_from_pods, aws_vpc_security_group_egress_rule.pods_to_pods] :
      { for key, rule in rules : key => [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port] } == {
        "9090" = [aws_security_group.pods[0].id, aws_security_group.pods[0].id, "tcp", 9090, 9090]
      }
    ])
    error_message = "pods reach each other at the port for it"
  }
  assert {
    condition = { for key, rule in aws_vpc_security_group_egress_rule.dns : key => [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      for protocol in ["tcp", "udp"] : protocol => [aws_security_group.pods[0].id, "sg-cluster", protocol, 53, 53]
    }
    error_message = "pods ask CoreDNS"
  }
  assert {
    condition = { for key, rule in aws_vpc_security_group_ingress_rule.dns : key => [rule.security_group_id, rule.referenced_security_group_id, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      for protocol in ["tcp", "udp"] : protocol => ["sg-cluster", aws_security_group.pods[0].id, protocol, 53, 53]
    }
    error_message = "CoreDNS admits them"
  }
  assert {
    condition     = length(aws_vpc_security_group_egress_rule.pods) == 0
    error_message = "nothing else is open"
  }
  assert {
    condition     = output.pod_security_group_id == aws_security_group.pods[0].id && aws_security_group.pods[0].vpc_id == "vpc-1"
    error_message = "database and cache admit this group"
  }
}

run "pods_reach_what_they_are_given" {
  command = apply

  variables {
    pod_egress = { collector = { port = 4318, cidr = "10.0.64.0/20" } }
  }

  assert {
    condition = { for key, rule in aws_vpc_security_group_egress_rule.pods : key => [rule.cidr_ipv4, rule.ip_protocol, rule.from_port, rule.to_port] } == {
      collector = ["10.0.64.0/20", "tcp", 4318, 4318]
    }
    error_message = "the one network at the one port"
  }
}

run "pods_get_roles_from_the_agent" {
  command = apply

  assert {
    condition     = length(aws_eks_addon.pod_identity_agent) == 1 && length(aws_iam_openid_connect_provider.cluster) == 0 && output.oidc_provider_arn == null
    error_message = "the agent runs, and no issuer is trusted"
  }
  assert {
    condition     = one(aws_eks_addon.vpc_cni.pod_identity_association).role_arn == aws_iam_role.vpc_cni.arn && one(aws_eks_addon.vpc_cni.pod_identity_association).service_account == "aws-node"
    error_message = "the network add-on has its role by it"
  }
  assert {
    condition = jsondecode(aws_iam_role.vpc_cni.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Service = "pods.eks.amazonaws.com" }
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Condition = { StringEquals = {
        "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:eu-central-1:123456789012:cluster/shop"
        "aws:RequestTag/kubernetes-namespace"       = "kube-system"
        "aws:RequestTag/kubernetes-service-account" = "aws-node"
      } }
    }]
    error_message = "the one service account of this cluster may take the role"
  }
  assert {
    condition = jsondecode(aws_eks_addon.vpc_cni.configuration_values) == {
      enableNetworkPolicy = "true"
      env = {
        AWS_VPC_K8S_CNI_EXTERNALSNAT      = "true"
        ENABLE_POD_ENI                    = "true"
        POD_SECURITY_GROUP_ENFORCING_MODE = "standard"
      }
      init = { env = { DISABLE_TCP_EARLY_DEMUX = "true" } }
    }
    error_message = "pods have groups, network policies hold, and addresses are not hidden behind the node's"
  }
}

run "pods_get_roles_by_tokens_of_the_issuer" {
  command = apply

  variables {
    identity            = "irsa"
    pod_security_groups = "strict"
  }

  assert {
    condition     = length(aws_eks_addon.pod_identity_agent) == 0 && aws_iam_openid_connect_provider.cluster[0].url == "https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE" && aws_iam_openid_connect_provider.cluster[0].client_id_list == toset(["sts.amazonaws.com"])
    error_message = "the issuer is trusted, and no agent runs"
  }
  assert {
    condition     = aws_eks_addon.vpc_cni.service_account_role_arn == aws_iam_role.vpc_cni.arn && length(aws_eks_addon.vpc_cni.pod_identity_association) == 0
    error_message = "the network add-on has its role by it"
  }
  assert {
    condition = jsondecode(aws_iam_role.vpc_cni.assume_role_policy).Statement == [{
      Effect    = "Allow"
      Principal = { Federated = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE" }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = { StringEquals = {
        "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE:aud" = "sts.amazonaws.com"
        "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE:sub" = "system:serviceaccount:kube-system:aws-node"
      } }
    }]
    error_message = "the one service account of this cluster may take the role"
  }
  assert {
    condition     = output.oidc_provider_arn == aws_iam_openid_connect_provider.cluster[0].arn && output.oidc_issuer == "oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLE"
    error_message = "others can write such trust, too"
  }
  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).env.POD_SECURITY_GROUP_ENFORCING_MODE == "strict"
    error_message = "groups of pods hold for all traffic"
  }
}

run "without_groups_of_their_own_pods_have_their_nodes" {
  command = apply

  variables {
    pod_security_groups = "off"
    node_instance_types = ["t3.large"]
    pod_egress          = { collector = { port = 4318, cidr = "10.0.64.0/20" } }
  }

  assert {
    condition     = output.pod_security_group_id == "sg-cluster" && length(aws_security_group.pods) == 0
    error_message = "database and cache admit the nodes"
  }
  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.dns) + length(aws_vpc_security_group_egress_rule.dns) + length(aws_vpc_security_group_egress_rule.pods) + length(aws_vpc_security_group_ingress_rule.pods_from_nodes) + length(aws_vpc_security_group_ingress_rule.pods_from_pods) + length(aws_vpc_security_group_egress_rule.pods_to_pods) == 0
    error_message = "no rule is left over"
  }
  assert {
    condition     = keys(aws_iam_role_policy_attachment.cluster) == ["AmazonEKSClusterPolicy"] && !can(jsondecode(aws_eks_addon.vpc_cni.configuration_values).env.ENABLE_POD_ENI)
    error_message = "EKS may not attach interfaces it does not need"
  }
}
