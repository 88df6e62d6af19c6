"""Feature frames between the stages, speechmesh.features.v1 (generated from protos/)."""
