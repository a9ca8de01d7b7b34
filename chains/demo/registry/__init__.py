"""An OCI registry in one process: what the demo pushes to and the tests run against."""
