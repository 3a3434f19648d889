"""The API: each endpoint parses, calls one service, and presents what it says."""
