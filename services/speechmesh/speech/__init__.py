"""The public contract, speechmesh.speech.v1 (generated from protos/)."""
