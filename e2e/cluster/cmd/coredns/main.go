// CoreDNS with the plugins that a cluster's name service needs. The released one links some fifty, cloud SDKs
// among them, and takes three times as long to build.
//
// It is a module of its own: CoreDNS asks for newer releases of much that Kubernetes uses, and Kubernetes is to be
// built from exactly what it was released with.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/forward"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loop"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/reload"
)

// The order in which a query passes the plugins, whatever order the Corefile names them in.
func init() {
	dnsserver.Directives = []string{"reload", "errors", "health", "ready", "cache", "kubernetes", "loop", "forward"}
}

func main() {
	coremain.Run()
}
