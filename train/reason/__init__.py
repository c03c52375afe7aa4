"""Classifiers that say from a prompt whether reasoning helps: labels, fits and measures of train/classifier.py."""
