"""What all networks in PyTorch share: weights out of untrusted files, and configurations. Needs the export extra."""
