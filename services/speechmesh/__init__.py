"""speechmesh: text to speech for other services, over gRPC."""
