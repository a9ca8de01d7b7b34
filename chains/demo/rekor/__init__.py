"""An embedded Rekor: a real Merkle tree, real timestamps and checkpoints, in memory on loopback."""
