"""The pages of the app: widgets, then the science, then a picture."""
