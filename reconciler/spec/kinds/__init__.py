"""One module a kind, or a part of a kind: the fields, their types and what is said about them.

The models follow the field names of Google's discovery documents. They check and describe; they never merge, look
anything up or touch a file.
"""
