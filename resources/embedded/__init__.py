"""The `embedded` profile: small models on the CPU, carried in the package."""
