"""The pages of docs/validation, made from what the repository holds."""
