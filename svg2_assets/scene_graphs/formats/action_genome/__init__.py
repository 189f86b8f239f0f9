"""Action Genome, in and out."""
