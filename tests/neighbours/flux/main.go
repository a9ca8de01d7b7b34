// Judges an image as Flux's source-controller does for `spec.verify` with a key, by the same code. It ends with 0 if the
// image is verified, else with 1 and the reason.
//
// The controller whole cannot be built from published modules, and this package of it is internal: hence the name of
// this module, which lies below the controller's.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/fluxcd/source-controller/internal/oci"
	"github.com/fluxcd/source-controller/internal/oci/cosign"
)

func main() {
	result, err := verify(os.Args[1], os.Args[2])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(result)
	if result != oci.VerificationResultSuccess {
		os.Exit(1)
	}
}

func verify(keyFile, image string) (oci.VerificationResult, error) {
	ctx := context.Background()
	key, err := os.ReadFile(keyFile)
	if err != nil {
		return "", err
	}
	ref, err := name.NewDigest(image)
	if err != nil {
		return "", err
	}
	verifier, err := cosign.NewCosignVerifierFactory().NewCosignVerifier(ctx, cosign.WithPublicKey(key))
	if err != nil {
		return "", err
	}
	return verifier.Verify(ctx, ref)
}
