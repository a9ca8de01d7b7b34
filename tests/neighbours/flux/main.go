// Judges the artifact that an OCIRepository names as Flux's source-controller does, by the same code: its reader of the
// object, and its verifier for `spec.verify` with a key. It ends with 0 if the artifact is verified, else with 1.
//
// The controller whole cannot be built from published modules, and its verifier is internal to it: hence the name of
// this module, which lies below the controller's.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"sigs.k8s.io/yaml"

	"github.com/fluxcd/source-controller/api/v1"
	"github.com/fluxcd/source-controller/internal/oci"
	"github.com/fluxcd/source-controller/internal/oci/cosign"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: flux-verifier OCIREPOSITORY.yaml COSIGN.pub")
		os.Exit(2)
	}
	result, err := verify(context.Background(), os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(result)
	if result != oci.VerificationResultSuccess {
		os.Exit(1)
	}
}

func verify(ctx context.Context, manifest, keyFile string) (oci.VerificationResult, error) {
	repository, err := read(manifest)
	if err != nil {
		return "", err
	}
	artifact, err := resolve(repository.Spec)
	if err != nil {
		return "", err
	}
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return "", err
	}
	verifier, err := cosign.NewCosignVerifierFactory().NewCosignVerifier(ctx, cosign.WithPublicKey(key))
	if err != nil {
		return "", err
	}
	return verifier.Verify(ctx, artifact)
}

// read takes no field that Flux does not know, and nothing but cosign with a key.
func read(manifest string) (*v1.OCIRepository, error) {
	text, err := os.ReadFile(manifest)
	if err != nil {
		return nil, err
	}
	repository := &v1.OCIRepository{}
	if err := yaml.UnmarshalStrict(text, repository); err != nil {
		return nil, err
	}
	asked := repository.Spec.Verify
	if asked == nil || asked.Provider != "cosign" || asked.SecretRef == nil {
		return nil, fmt.Errorf("%s does not ask for cosign with a key", manifest)
	}
	return repository, nil
}

// resolve names the artifact by the digest that its tag has.
func resolve(spec v1.OCIRepositorySpec) (name.Digest, error) {
	tag, err := name.NewTag(strings.TrimPrefix(spec.URL, v1.OCIRepositoryPrefix) + ":" + spec.Reference.Tag)
	if err != nil {
		return name.Digest{}, err
	}
	found, err := remote.Head(tag)
	if err != nil {
		return name.Digest{}, err
	}
	return tag.Digest(found.Digest.String()), nil
}
