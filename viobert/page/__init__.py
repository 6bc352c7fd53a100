"""The Gradio page: one file a concern, Arabic first."""
