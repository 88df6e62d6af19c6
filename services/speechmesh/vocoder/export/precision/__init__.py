"""Lower precisions of a float32 graph: sixteen-bit floats, eight-bit integers, and which layers bear them."""
