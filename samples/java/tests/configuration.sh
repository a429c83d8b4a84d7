#!/bin/sh
# Tests of the way from the contract to the cluster. Needs confpath and helm.
set -eu
cd "$(dirname "$0")/.."
chart=charts/javaapp

confpath generate --check
confpath check --contract contract.json --values "$chart/values.yaml" --without-secrets
# The secrets come from a Secret, so their values are not needed here.
helm template javaapp "$chart" --set existingSecret=javaapp-secrets |
  confpath check --contract contract.json --manifest /dev/stdin --without-secrets

# A setting that the contract does not have is refused before anything is deployed.
if helm template javaapp "$chart" --set existingSecret=javaapp-secrets --set config.NO_SUCH_SETTING=1 >/dev/null 2>&1; then
  echo "the chart took a setting that the contract does not have" >&2
  exit 1
fi
