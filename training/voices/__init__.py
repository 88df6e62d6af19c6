"""Makes the default voices from scratch: text, teacher speech, features, training, bundle, report.

Not part of the served product: the networks of the vocoders come from `speechmesh.vocoder.networks`, the rest is here.
"""
