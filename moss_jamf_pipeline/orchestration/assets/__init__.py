"""The assets of one integration, layer by layer; `definitions.py` puts them together.

Asset bodies are thin: they read partition and config, call one function of the pure packages and describe what it did.
"""
