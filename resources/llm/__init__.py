"""The gateway to language and vision models: limits, retries, response cache, ledger, budget, Batch API."""
