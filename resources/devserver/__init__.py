"""A local server that speaks the protocols of the services that profile `svg2` calls: OpenAI's and DAM's.

It holds no model. Answers are scripted, or made from the JSON schema that the request asks for.
"""
