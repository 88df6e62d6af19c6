"""speechmesh: text to speech for other services, over gRPC."""

import os

# ONNX Runtime reads this when it is imported; a speech server reports to its operator and to nobody else.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
