"""Models that speak OpenAI's chat protocol, whoever serves them."""
