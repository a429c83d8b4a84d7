# What nodes are.

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

run "pods_cannot_get_the_credentials_of_their_node" {
  command = apply

  assert {
    condition     = aws_launch_template.nodes.metadata_options[0].http_tokens == "required" && aws_launch_template.nodes.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "metadata need a token, which reaches no pod"
  }
  assert {
    condition     = toset(keys(aws_iam_role_policy_attachment.nodes)) == toset(["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"])
    error_message = "nodes may join and pull images, and nothing else"
  }
}

run "disks_are_encrypted" {
  command = apply

  assert {
    condition     = aws_launch_template.nodes.block_device_mappings[0].ebs[0].encrypted == "true" && aws_launch_template.nodes.block_device_mappings[0].ebs[0].volume_size == 50
    error_message = "each disk is encrypted"
  }
}

run "nodes_have_the_clusters_security_group_and_no_other" {
  command = apply

  assert {
    condition     = length(coalesce(aws_launch_template.nodes.vpc_security_group_ids, [])) == 0 && length(aws_launch_template.nodes.network_interfaces) == 0
    error_message = "the launch template names none, so that EKS gives its own"
  }
}

run "nodes_run_amazon_linux_2023_from_the_template" {
  command = apply

  assert {
    condition     = aws_eks_node_group.nodes.ami_type == "AL2023_x86_64_STANDARD" && aws_eks_node_group.nodes.version == "1.34"
    error_message = "the image fits processor and Kubernetes"
  }
  assert {
    condition     = aws_eks_node_group.nodes.launch_template[0].version == "3" && aws_eks_node_group.nodes.launch_template[0].id == aws_launch_template.nodes.id
    error_message = "a changed template reaches the nodes"
  }
  assert {
    condition     = [aws_eks_node_group.nodes.scaling_config[0].min_size, aws_eks_node_group.nodes.scaling_config[0].desired_size, aws_eks_node_group.nodes.scaling_config[0].max_size] == [3, 3, 6]
    error_message = "it begins with the least"
  }
  assert {
    condition     = toset([for tags in aws_launch_template.nodes.tag_specifications : "${tags.resource_type} ${tags.tags.team}"]) == toset(["instance shop", "volume shop", "network-interface shop"])
    error_message = "what nodes consist of is tagged"
  }
}

run "graviton_nodes_have_the_image_for_it" {
  command = apply

  variables {
    node_architecture   = "arm64"
    node_instance_types = ["m7g.large", "c6gn.large"]
  }

  assert {
    condition     = aws_eks_node_group.nodes.ami_type == "AL2023_ARM_64_STANDARD"
    error_message = "the image fits the processor"
  }
}
