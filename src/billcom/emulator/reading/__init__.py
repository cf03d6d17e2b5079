"""Reads request bodies into records: one module per noun. Problems stay in the form; nothing is stored."""
