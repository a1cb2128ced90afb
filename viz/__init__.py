"""Pictures: numpy, altair and plotly only; no torch, no streamlit, no transformer.

Nothing is imported here, so that the app's first picture costs no more than it uses.
"""
