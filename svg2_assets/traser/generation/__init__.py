"""Answers written token by token, free or held to what an answer may be."""
