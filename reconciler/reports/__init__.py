"""What people and machines read: text, JSON, Markdown. Made from core nouns alone.

Every string that came from a spec or a server is hostile here and escaped for where it goes.
"""
