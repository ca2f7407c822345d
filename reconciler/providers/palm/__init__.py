"""PaLM 2 tuning: pipelineJobs of aiplatform v1 that run Google's tune-large-model template.

A pipeline leaves a model in the registry and an endpoint, which are Vertex AI's and are handled as such.
"""
