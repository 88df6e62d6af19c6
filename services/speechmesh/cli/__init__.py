"""The `speechmesh` command."""
