"""The proof that money moves exactly once: every write of both workflows meets every fault, at the local BILL."""
