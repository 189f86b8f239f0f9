"""SAM 3: every instance of a named concept found and followed, through transformers.

torch and transformers come with the `models` extra and are imported inside functions, never with a module.
"""
