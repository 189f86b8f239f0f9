"""Backends that ask language and vision models, through the gateway."""
