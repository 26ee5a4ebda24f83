"""Training: codings in, a model folder out, and how good it is on articles it has not seen."""
