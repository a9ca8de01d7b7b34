// Syncs manifests to a cluster with Argo CD's own engine, once: hooks, waves and all. It ends with 0 if the sync
// succeeded, else with 1, and prints what became of each resource.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/argoproj/gitops-engine/pkg/cache"
	"github.com/argoproj/gitops-engine/pkg/engine"
	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
)

const limit = 50 * time.Second

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: argo-sync KUBECONFIG NAMESPACE MANIFESTS.yaml")
		os.Exit(2)
	}
	succeeded, err := syncOnce(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if !succeeded {
		os.Exit(1)
	}
}

func syncOnce(kubeconfig, namespace, manifests string) (bool, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return false, err
	}
	text, err := os.ReadFile(manifests)
	if err != nil {
		return false, err
	}
	target, err := kube.SplitYAML(text)
	if err != nil {
		return false, err
	}
	live := cache.NewClusterCache(config, cache.SetPopulateResourceInfoHandler(everything))
	syncer := engine.NewEngine(config, live)
	stop, err := syncer.Run()
	if err != nil {
		return false, err
	}
	defer stop()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	results, err := syncer.Sync(ctx, target, nothing, "one", namespace)
	return report(results) && err == nil, err
}

func report(results []common.ResourceSyncResult) bool {
	succeeded := len(results) > 0
	for _, one := range results {
		fmt.Printf("%s %s %s%s %s\n", one.SyncPhase, one.ResourceKey.Kind, one.Status, one.HookPhase, one.Message)
		failed := one.HookPhase == common.OperationFailed || one.HookPhase == common.OperationError
		succeeded = succeeded && !failed && one.Status != common.ResultCodeSyncFailed
	}
	return succeeded
}

// everything is remembered whole.
func everything(*unstructured.Unstructured, bool) (interface{}, bool) { return nil, true }

// nothing in the cluster belongs to this application before its first sync.
func nothing(*cache.Resource) bool { return false }
