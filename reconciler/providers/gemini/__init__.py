"""The Gemini API's tunedModels: through generativelanguage v1beta, their operations through v1.

A tuned model is run and model in one, has no labels, lives in one namespace for all of the world and serves by itself.
Its id is of our choice (`core/client_ids.py`) and says what labels say elsewhere.
"""
