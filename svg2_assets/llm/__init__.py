"""What is asked of language and vision models, and what comes back: values only, no vendor, no connection."""
