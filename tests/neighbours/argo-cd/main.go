// Syncs an application to a cluster with Argo CD's own engine, once, hooks and all. It ends with 0 if the sync
// succeeded, else with 1, and prints what became of each resource.
//
// Like Argo CD's controller it marks what is the application's with a label, and looks at the cluster anew at each step.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2/klogr"

	"github.com/argoproj/gitops-engine/pkg/cache"
	"github.com/argoproj/gitops-engine/pkg/sync"
	"github.com/argoproj/gitops-engine/pkg/sync/common"
	"github.com/argoproj/gitops-engine/pkg/utils/kube"
	"github.com/argoproj/gitops-engine/pkg/utils/tracing"
)

const (
	label = "app.kubernetes.io/instance"
	name  = "app"
	limit = 45 * time.Second
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: argo-sync KUBECONFIG NAMESPACE MANIFESTS.yaml")
		os.Exit(2)
	}
	phase, err := syncOnce(os.Args[1], os.Args[2], os.Args[3])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || phase != common.OperationSucceeded {
		os.Exit(1)
	}
}

func syncOnce(kubeconfig, namespace, manifests string) (common.OperationPhase, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return "", err
	}
	config.QPS, config.Burst = 100, 200
	target, err := read(manifests)
	if err != nil {
		return "", err
	}
	live := cache.NewClusterCache(config, cache.SetPopulateResourceInfoHandler(everything))
	if err := live.EnsureSynced(); err != nil {
		return "", err
	}
	defer live.Invalidate()
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	phase, results, err := run(ctx, config, live, target, namespace)
	for _, one := range results {
		fmt.Println(one.SyncPhase, one.ResourceKey.Kind, one.ResourceKey.Name, one.Status, one.HookPhase, one.Message)
	}
	return phase, err
}

func run(
	ctx context.Context, config *rest.Config, live cache.ClusterCache, target []*unstructured.Unstructured, namespace string,
) (phase common.OperationPhase, results []common.ResourceSyncResult, err error) {
	started, message := metav1.Now(), ""
	for phase = common.OperationRunning; !phase.Completed(); {
		found, err := live.GetManagedLiveObjs(target, isOurs)
		if err != nil {
			return phase, results, err
		}
		step, cleanup, err := sync.NewSyncContext(
			"one", sync.Reconcile(target, found, namespace, live), config, config,
			&kube.KubectlCmd{Log: klogr.New(), Tracer: tracing.NopTracer{}}, namespace, live.GetOpenAPISchema(),
			sync.WithInitialState(phase, message, results, started),
		)
		if err != nil {
			return phase, results, err
		}
		step.Sync()
		phase, message, results = step.GetState()
		cleanup()
		select {
		case <-ctx.Done():
			return phase, results, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	return phase, results, nil
}

func read(manifests string) ([]*unstructured.Unstructured, error) {
	text, err := os.ReadFile(manifests)
	if err != nil {
		return nil, err
	}
	target, err := kube.SplitYAML(text)
	for _, one := range target {
		labels := one.GetLabels()
		if labels == nil {
			labels = map[string]string{}
		}
		labels[label] = name
		one.SetLabels(labels)
	}
	return target, err
}

// everything is remembered whole.
func everything(*unstructured.Unstructured, bool) (interface{}, bool) { return nil, true }

func isOurs(r *cache.Resource) bool {
	return r.Resource != nil && r.Resource.GetLabels()[label] == name
}
