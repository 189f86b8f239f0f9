"""A toy world with exact truth: rendered clips whose masks, parts, names and relations come from the simulation."""
