"""What each command says of itself in one line, so that `chains --help` imports none of them."""

CAPTIONS = {
    "audit": (
        "Verify signature and attestation of every image of a list, a repository or a cluster, and report on all."
    ),
    "completion": "Print what makes a shell complete verbs and flags; put it where the shell reads it.",
    "config": "Check and list the settings of the ConfigMap chains-config.",
    "controller": "Watch a cluster and sign every run that completes, until SIGTERM or SIGINT.",
    "demo": "Sign the samples in a world of its own: Kubernetes API, OCI registry and service in this one process.",
    "doctor": (
        "Look at service, rights, key, configuration, registries, log and Tekton: what is wrong, why, and what helps."
    ),
    "download": "Print what is stored beside an image, without verifying it.",
    "explain": "Say what a run claims to have built, what is planned for it, what happened, and what to change.",
    "generate-key-pair": "Make an ECDSA P-256 key pair that cosign and chains can use.",
    "import-key-pair": (
        "Encrypt a plain private key (PKCS#8, SEC1 or PKCS#1) into PREFIX.key, and write its public half to PREFIX.pub."
    ),
    "initialize": "Fetch the trusted root of the public Sigstore, or of another, and say where it is.",
    "public-key": "Print the public half of a private key, as PEM.",
    "resign": "Take the mark off runs, so that the service signs them again; KIND is taskrun (the default) or "
    "pipelinerun.",
    "save": "Write an image, its signatures, attestations and other referrers into DIR, an OCI image layout.",
    "sign": "Sign what the runs in FILE... built; signatures and attestations go beside the images in their "
    "registries.",
    "simulate": "Show what would be signed for the runs in FILE..., and why not; no key and no network are used.",
    "tree": "Show the signatures, attestations, SBOMs and other referrers of an image.",
    "triangulate": (
        "Print the tag that cosign keeps an image's signatures or attestations under, or the image by digest."
    ),
    "verify": "Verify that images are signed by a key: cosign's signatures in tags and in bundles.",
    "verify-attestation": "Verify that images are attested by a key, and print the attestations, one envelope a line.",
    "wait": "Wait until an image, or every image of taskrun/NAME or pipelinerun/NAME, is signed and attested by a key.",
}
