"""Vertex AI tuning, Gemini API tunedModels, PaLM pipelines, Cloud Storage, behind one Protocol.

Translates between core nouns and wire JSON. Nothing here blocks or waits, decides, or writes state.
"""
