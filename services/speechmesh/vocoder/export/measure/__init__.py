"""What is measured of a model: how it sounds against fp32, what it costs, how far it reaches."""
