"""Markdown"""
def filtered(text):
    return text
